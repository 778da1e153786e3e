#!/usr/bin/env bash
# Ends the emulator, the registry and the other engines that up.sh started. The engine and the images stay.
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
for part in common emulator second_engine podman; do
    # shellcheck source=/dev/null
    . "$here/$part.sh"
done
stop_emulator emulator
stop_registry
stop_second_engine
stop_podman
