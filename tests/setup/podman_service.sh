#!/bin/sh
# What of Podman's service needs root.
#   podman_service.sh FOLDER GROUP      starts it in the background, its socket in FOLDER and open to GROUP
#   podman_service.sh --end FOLDER      ends it
set -eu
if [ "$1" = --end ]; then
    pid=$(cat "$2/podman.pid")
    [ "$(cat "/proc/$pid/comm")" != podman ] || kill "$pid"
    exit 0
fi
folder=$1 group=$2
rm -f "$folder/podman.sock"
CONTAINERS_CONF="$folder/containers.conf" CONTAINERS_REGISTRIES_CONF="$folder/registries.conf" setsid podman --root "$folder/storage" --runroot "$folder/run" \
    system service --time=0 "unix://$folder/podman.sock" >"$folder/podman.log" 2>&1 </dev/null &
echo $! >"$folder/podman.pid"
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    [ ! -S "$folder/podman.sock" ] || break
    sleep 0.2
done
chgrp "$group" "$folder/podman.sock"
chmod 660 "$folder/podman.sock"
