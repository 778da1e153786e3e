# shellcheck shell=bash
# Podman's Docker-compatible socket, the other engine of the tests: storage, socket and configuration of its own,
# so that no user's Podman is touched.

PODMAN="$STATE/podman"
PODMAN_HOST="unix://$PODMAN/podman.sock"

podman_answers() { DOCKER_HOST="$PODMAN_HOST" docker version --format ok >/dev/null 2>&1; }

start_podman() {
    if alive "$PODMAN/podman.pid" podman && podman_answers; then return; fi
    has podman || {
        step "Podman is missing: installing it (it stays installed)"
        install_packages podman
    }
    mkdir -p "$PODMAN"
    # The limits are those that a container without rights over the host's may have; runc, which came with Docker,
    # knows all kinds of cgroups.
    cat >"$PODMAN/containers.conf" <<'CONF'
[containers]
default_ulimits=["nofile=20000:20000","nproc=1000:1000"]
[engine]
CONF
    # The tests' registry speaks no TLS; Docker's engine takes that on loopback.
    printf '[[registry]]\nlocation = "%s"\ninsecure = true\n' "$REGISTRY" >"$PODMAN/registries.conf"
    ! has runc || echo 'runtime="runc"' >>"$PODMAN/containers.conf"
    as_root "to start Podman's service" sh "$SETUP/podman_service.sh" "$PODMAN" "$(id -gn)"
    for _ in $(seq 100); do
        podman_answers && return
        sleep 0.2
    done
    tail -n 20 "$PODMAN/podman.log" >&2
    die "Podman's service did not start: the log above says why"
}

load_podman_images() {
    local image
    for image in "$@"; do
        [ "$(docker image inspect -f '{{.Id}}' "$image")" != \
            "$(DOCKER_HOST="$PODMAN_HOST" docker image inspect -f '{{.Id}}' "$image" 2>/dev/null)" ] || continue
        docker save "$image" | DOCKER_HOST="$PODMAN_HOST" docker load -q >&2
    done
}

stop_podman() {
    if alive "$PODMAN/podman.pid" podman; then
        as_root "to end Podman's service" sh "$SETUP/podman_service.sh" --end "$PODMAN"
    fi
}
