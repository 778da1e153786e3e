"""What the endpoint answers inside, to requests that it has to refuse and to one that it has not."""
import http.client, os, socket, urllib.parse

place = urllib.parse.urlsplit(os.environ["AWS_CONTAINER_CREDENTIALS_FULL_URI"])
token = os.environ["AWS_CONTAINER_AUTHORIZATION_TOKEN"]
for what, method, path, headers in [
    ("token", "GET", place.path, {"Authorization": token}),
    ("no token", "GET", place.path, {}),
    ("empty token", "GET", place.path, {"Authorization": ""}),
    ("wrong token", "GET", place.path, {"Authorization": "x" * len(token)}),
    ("longer token", "GET", place.path, {"Authorization": token + "x"}),
    ("half a token", "GET", place.path, {"Authorization": token[: len(token) // 2]}),
    ("bearer", "GET", place.path, {"Authorization": "Bearer " + token}),
    ("below", "GET", place.path + "/x", {"Authorization": token}),
    ("root", "GET", "/", {"Authorization": token}),
    ("query", "GET", place.path + "?x=1", {"Authorization": token}),
    ("POST", "POST", place.path, {"Authorization": token}),
    ("PUT", "PUT", place.path, {"Authorization": token}),
]:
    connection = http.client.HTTPConnection("127.0.0.1", place.port, timeout=30)
    connection.request(method, path, headers=headers)
    answer = connection.getresponse()
    print(what, answer.status, "keys" if b"SecretAccessKey" in answer.read() else "nothing")
# The other loopback is there: a server on it is reached.
with socket.create_server(("::1", 0), family=socket.AF_INET6) as server:
    socket.create_connection(server.getsockname()[:2]).close()
own = {address[4][0] for address in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)}
for address in ["::1", *own]:
    try:
        socket.create_connection((address, place.port), timeout=30).close()
        print(address if address == "::1" else "own address", "reached")
    except ConnectionRefusedError:
        print(address if address == "::1" else "own address", "refused")
