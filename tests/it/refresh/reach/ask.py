"""Asks for credentials without a token at each HOST:PORT, or prints why there was no answer, a line each."""
import socket, sys

for place in sys.argv[1:]:
    host, _, port = place.rpartition(":")
    try:
        with socket.create_connection((host, int(port)), timeout=10) as s:
            s.sendall(b"GET /v1/credentials HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            answer = s.makefile("rb").readline().decode().strip()
            print(place, answer or "closed")
    except socket.gaierror:
        print(place, "unknown")
    except ConnectionRefusedError:
        print(place, "refused")
    except OSError as error:
        print(place, "no answer:", error)
