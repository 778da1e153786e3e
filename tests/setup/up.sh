#!/usr/bin/env bash
# Sets up all that the tests need and starts what they talk to; a second time it finds what is there.
# Ends with the variables in target/test-env/exports. `tests/setup/down.sh` ends what this started.
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
for part in common packages rust engine emulator images second_engine podman shells sdks; do
    # shellcheck source=/dev/null
    . "$here/$part.sh"
done

install_base_packages
ensure_rust
ensure_engine
join_docker_group "$@"
ensure_venv
start_emulator emulator 4566
start_registry 5000
ensure_awscli_image
ensure_test_images
ensure_windows_cmd
ensure_sdks
start_second_engine
start_podman
load_podman_images credrun-test:latest credrun-test:baked-env

cat >"$STATE/exports" <<ENV
export PATH="$PATH"
export CREDRUN_TEST_EMULATOR="$EMULATOR"
export CREDRUN_TEST_REGISTRY="$REGISTRY"
export CREDRUN_TEST_REGISTRY_USER='$REGISTRY_USER'
export CREDRUN_TEST_REGISTRY_PASSWORD='$REGISTRY_PASSWORD'
export CREDRUN_TEST_IMAGE=credrun-test:latest
export CREDRUN_TEST_AWSCLI_IMAGE=$AWSCLI_IMAGE
export CREDRUN_TEST_AWS_CLI="$VENV/bin/aws"
export CREDRUN_TEST_SECOND="$SECOND"
export CREDRUN_TEST_PODMAN="$PODMAN_HOST"
export CREDRUN_TEST_CMD="$WINDOWS_CMD"
export CREDRUN_TEST_SDKS="$SDKS"
ENV
[ -z "${RUSTUP_TOOLCHAIN:-}" ] || echo "export RUSTUP_TOOLCHAIN=$RUSTUP_TOOLCHAIN" >>"$STATE/exports"
