#!/bin/sh
# What of the second engine needs root.
#   second_dockerd.sh FOLDER NETNS ADDRESS GROUP     starts it: a unix socket in FOLDER, and ADDRESS:2376 with TLS
#   second_dockerd.sh --end FOLDER NETNS             ends it, and takes the network namespace away
set -eu
if [ "$1" = --end ]; then
    folder=$2 netns=$3
    pid=$(cat "$folder/docker.pid")
    [ "$(cat "/proc/$pid/comm")" = dockerd ] || exit 0
    kill "$pid"
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30; do
        [ -e "/proc/$pid" ] || break
        sleep 0.5
    done
    ip netns del "$netns" 2>/dev/null || true
    exit 0
fi
folder=$1 netns=$2 address=$3 group=$4
if [ ! -e "/run/netns/$netns" ]; then
    ip netns add "$netns"
    ip link del credrun0 2>/dev/null || true
    ip link add credrun0 type veth peer name credrun1 netns "$netns"
    ip addr add "${address%.*}.1/30" dev credrun0
    ip link set credrun0 up
    ip -n "$netns" addr add "$address/30" dev credrun1
    ip -n "$netns" link set credrun1 up
    ip -n "$netns" link set lo up
fi
# What a killed one left behind.
rm -f "$folder/docker.pid" "$folder/run/containerd/containerd.pid" "$folder/docker.sock"
# Only its network: `ip netns exec` would hide the cgroups, too.
setsid nsenter --net="/run/netns/$netns" dockerd \
    --host "unix://$folder/docker.sock" --group "$group" \
    --host "tcp://$address:2376" --tlsverify \
    --tlscacert "$folder/certs/ca.pem" --tlscert "$folder/certs/server.pem" --tlskey "$folder/certs/server-key.pem" \
    --data-root "$folder/data" --exec-root "$folder/run" --pidfile "$folder/docker.pid" \
    --bridge none --iptables=false --ip6tables=false >"$folder/dockerd.log" 2>&1 </dev/null &
