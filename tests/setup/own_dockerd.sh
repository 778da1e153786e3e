#!/bin/sh
# What of an engine that a test starts for itself, and kills, needs root.
#   own_dockerd.sh start FOLDER GROUP    starts it, with a unix socket in FOLDER and a network of its own: nothing but
#                                        loopback, so that it takes no other engine's bridge away
#   own_dockerd.sh disk FOLDER BYTES     before the start: what it keeps is on a disk of this size
#   own_dockerd.sh end FOLDER SIGNAL     ends it with this signal, and waits for that
#   own_dockerd.sh forget FOLDER         removes what it keeps in FOLDER
set -eu
command=$1 folder=$2
containerd="$folder/run/containerd/containerd.pid"

# The process of the file, if it still is the program.
process() {
    pid=$(cat "$1" 2>/dev/null) && [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = "$2" ] && echo "$pid"
}
gone() {
    for _ in $(seq 600); do
        [ -e "/proc/$1" ] || return 0
        sleep 0.1
    done
    echo "the process $1 does not end" >&2
    exit 1
}

case $command in
disk)
    mkdir -p "$folder/data"
    mount -t tmpfs -o "size=$3" none "$folder/data"
    ;;
start)
    rm -f "$folder/docker.pid" "$containerd" "$folder/docker.sock"
    setsid unshare --net dockerd --host "unix://$folder/docker.sock" --group "$3" \
        --data-root "$folder/data" --exec-root "$folder/run" --pidfile "$folder/docker.pid" \
        --bridge none --iptables=false --ip6tables=false >>"$folder/dockerd.log" 2>&1 </dev/null &
    ;;
end)
    if pid=$(process "$folder/docker.pid" dockerd); then
        kill -s "$3" "$pid"
        gone "$pid"
    fi
    # Its child, which it has ended unless it was killed.
    if pid=$(process "$containerd" containerd); then
        kill -s KILL "$pid" 2>/dev/null || true
        gone "$pid"
    fi
    ;;
forget)
    # What stood between a killed one and its containers, and these, if they are still there.
    for shim in $(grep -lzsF -- "$folder/run/" /proc/[0-9]*/cmdline | cut -d/ -f3); do
        case $(cat "/proc/$shim/comm" 2>/dev/null) in containerd-shim*) ;; *) continue ;; esac
        for pid in $(cat "/proc/$shim/task/"*/children 2>/dev/null) "$shim"; do
            kill -s KILL "$pid" 2>/dev/null || true
        done
    done
    # What a killed one had mounted, the innermost first.
    awk -v under="$folder/" 'index($2, under) == 1 { print $2 }' /proc/mounts | sort -r | while read -r mount; do
        umount "$mount"
    done
    rm -rf "$folder/data" "$folder/run"
    ;;
esac
