"""relay.py SOCKET COMMAND...: runs the command with AWS_ENDPOINT_URL at a port of this network namespace's loopback, which
leads to the Unix socket: a container reaches the emulator so in every network, and in none."""
import os
import socket
import subprocess
import sys
import threading


def copy(source, sink):
    try:
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def serve(listener, path):
    while True:
        client, _ = listener.accept()
        emulator = socket.socket(socket.AF_UNIX)
        try:
            emulator.connect(path)
        except OSError:
            client.close()
            continue
        for pair in ((client, emulator), (emulator, client)):
            threading.Thread(target=copy, args=pair, daemon=True).start()


listener = socket.create_server(("127.0.0.1", 0), backlog=64)
threading.Thread(target=serve, args=(listener, sys.argv[1]), daemon=True).start()
os.environ["AWS_ENDPOINT_URL"] = f"http://127.0.0.1:{listener.getsockname()[1]}"
sys.exit(subprocess.run(sys.argv[2:]).returncode)
