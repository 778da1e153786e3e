#!/usr/bin/env bash
# Ends the emulator, the registry and the second engine that up.sh started. The engine and the images stay.
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
for part in common emulator second_engine; do
    # shellcheck source=/dev/null
    . "$here/$part.sh"
done
stop_emulator emulator
stop_registry
stop_second_engine
