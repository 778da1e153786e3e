"""Answers whoever comes to one of the ports, at every address of the container."""
import socket, sys, threading


def serve(listener):
    while True:
        client, _ = listener.accept()
        with client:
            client.recv(65536)
            client.sendall(b"HTTP/1.1 200 the target\r\nConnection: close\r\n\r\n")


for listener in [socket.create_server(("", int(port))) for port in sys.argv[1:]]:
    threading.Thread(target=serve, args=[listener]).start()
print("ready at", *sys.argv[1:], flush=True)
