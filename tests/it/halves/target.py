"""What a container sees of its network, a line each, and a server that says hello to whoever gets through."""
import fcntl, os, socket, struct, sys

def address(interface):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        try:
            return socket.inet_ntoa(fcntl.ioctl(s.fileno(), 0x8915, struct.pack("256s", interface.encode()))[20:24])
        except OSError:  # it has none
            return None

def in_hosts(name):
    lines = [line.split("#")[0].split() for line in open("/etc/hosts")]
    return [words[0] for words in lines if name in words[1:]]

def hello(host, port):
    with socket.create_connection((host, port), timeout=30) as s:
        return s.makefile().read()

name = socket.gethostname()
interfaces = sorted(interface for _, interface in socket.if_nameindex())
own = {address(interface) for interface in interfaces} - {None, "127.0.0.1"}
is_id = len(name) == 12 and all(c in "0123456789abcdef" for c in name)
print("host name", "(an id)" if is_id else name, "in HOSTNAME:", os.environ.get("HOSTNAME") == name)
print("NIS domain", open("/proc/sys/kernel/domainname").read().strip())
shared = os.environ.get("SHARED")
if shared:
    # The namespace of others has what they do in it.
    print("namespace", os.readlink("/proc/self/ns/net"))
else:
    print("interfaces", interfaces)
    print("own name is", sorted({"own" if a in own else a for a in in_hosts(name)}))
    print("the address given", os.environ.get("ADDRESS") in own)
    print("somaxconn", open("/proc/sys/net/core/somaxconn").read().strip())
    print("ports from", open("/proc/sys/net/ipv4/ip_unprivileged_port_start").read().strip())
print("way out", any(line.split()[1] == "00000000" for line in open("/proc/net/route")))
print("db is", in_hosts("db"))
print("resolver", [line.strip() for line in open("/etc/resolv.conf") if not line.startswith("#")])
for variable in ("PEER_ADDRESS", "PEER_NAME"):
    if variable in os.environ:
        print(variable, hello(os.environ[variable], 8080))
listener = socket.create_server(("", 0 if shared == "host" else 8080))
with open("/tmp/port", "w") as file:
    file.write(str(listener.getsockname()[1]))
print("ready at", listener.getsockname()[1] if shared == "host" else 8080, flush=True)
while True:
    with listener.accept()[0] as client:
        client.sendall(os.environ["HELLO"].encode())
