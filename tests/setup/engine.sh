# shellcheck shell=bash
# A Docker engine that answers: the one that runs, else one that is started, else one that is installed.

engine_answers() { docker version --format '{{.Server.Version}}' >/dev/null 2>&1; }
# Not in a pipe: docker itself fails here, and with `pipefail` the answer would be no.
engine_refuses_us() {
    case $(docker version 2>&1) in *"permission denied"*) ;; *) return 1 ;; esac
}

# An engine that belongs to the group `docker` is joined for this run alone: nobody's groups change.
# Only for scripts that were run, not sourced: the script starts again from its first line.
join_docker_group() {
    if engine_answers || ! engine_refuses_us; then return; fi
    if [ "$(id -u)" = 0 ] || [ -n "${CREDRUN_JOINED_DOCKER:-}" ] || ! has sudo; then
        die "the Docker engine refuses \`$(id -un)\`: become a member of the group that owns its socket, or run this as root"
    fi
    say "root is needed to talk to the Docker engine, for this run as a member of the group \`docker\`:"
    say "  sudo -E -u $(id -un) -g docker bash $0 $*"
    exec sudo -E -u "$(id -un)" -g docker env "PATH=$PATH" "HOME=$HOME" CREDRUN_JOINED_DOCKER=yes bash "$0" "$@"
}

# runs PID NAME: whether that process lives (a zombie does not) and is called so.
runs() { [ "$(cat "/proc/$1/comm" 2>/dev/null)" = "$2" ] && ! grep -q '^State:.*Z' "/proc/$1/status" 2>/dev/null; }

# An engine that was killed leaves files with process numbers behind. When another process has such a number by
# then, dockerd refuses to start, or takes that process for its containerd.
remove_stale_pid_files() {
    local name file pid
    while read -r name file; do
        pid=$(cat "$file" 2>/dev/null) || continue
        # One that is just ending needs a moment.
        for _ in $(seq 25); do
            runs "$pid" "$name" || break
            sleep 0.2
        done
        runs "$pid" "$name" || as_root "to remove what a $name that is gone left behind" rm -f "$file" </dev/null
    done <<-END
	dockerd /var/run/docker.pid
	containerd /var/run/docker/containerd/containerd.pid
	END
}

# start_dockerd: where no systemd runs (containers, WSL 1). It stays up: other work may use it by then.
# CREDRUN_DOCKERD_OPTIONS are words added to its command line.
start_dockerd() {
    local log="$STATE/dockerd.log" socket="${DOCKER_HOST:-unix:///var/run/docker.sock}"
    [ -n "${CREDRUN_DOCKERD_OPTIONS:-}" ] || remove_stale_pid_files
    say "starting dockerd in the background (it stays up when this ends; its log: $log)"
    # shellcheck disable=SC2086 # options are words
    as_root "to start the Docker engine" sh "$SETUP/background.sh" "$log" \
        dockerd --host "$socket" --group "$(id -gn)" ${CREDRUN_DOCKERD_OPTIONS:-}
    for _ in $(seq 300); do
        engine_answers && return
        grep -q '^background command ended with' "$log" 2>/dev/null && break
        sleep 0.2
    done
    say "the last lines of $log:"
    tail -n 20 "$log" >&2
    die "the Docker engine did not start: the log above says why; \`--privileged\` is needed when this is a container"
}

start_engine() {
    if [ -d /run/systemd/system ] && [ -z "${DOCKER_HOST:-}${CREDRUN_DOCKERD_OPTIONS:-}" ]; then
        as_root "to start the Docker engine" systemctl start docker || true
        for _ in $(seq 100); do
            { engine_answers || engine_refuses_us; } && return
            sleep 0.2
        done
        die "the Docker engine did not start: \`journalctl -u docker\` says why"
    fi
    start_dockerd
}

ensure_engine() {
    has docker && engine_answers && return
    if has docker && engine_refuses_us; then return; fi
    case "${DOCKER_HOST:-unix://}" in
        unix://*) ;;
        *) die "no engine answers at DOCKER_HOST=$DOCKER_HOST: start it, or unset DOCKER_HOST to use one on this machine" ;;
    esac
    if ! has docker || ! has dockerd; then
        step "Docker is missing: installing Debian's docker.io (it stays installed)"
        install_docker_packages
    fi
    has docker && { engine_answers || engine_refuses_us; } && return
    step "the Docker engine does not run"
    start_engine
}
