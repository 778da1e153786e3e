# shellcheck shell=bash
# What every part of the set-up shares: where things are, how they are said, how root is asked for.
# Sourced, never run.

REPO=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# Inside `target`, so that nothing is strewn over the machine and `rm -r target` forgets it all.
STATE="${CREDRUN_TEST_STATE:-$REPO/target/test-env}"
# shellcheck disable=SC2034 # the other parts use it
SETUP="$REPO/tests/setup"
mkdir -p "$STATE"

# Everything that is said goes to stderr: stdout belongs to the commands that are shown.
say() { printf '%s\n' "$*" >&2; }
step() { printf '\n== %s\n' "$*" >&2; }
die() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}
has() { command -v "$1" >/dev/null 2>&1; }

# as_root REASON COMMAND...: runs the command as root, after saying why and what.
as_root() {
    local reason=$1
    shift
    if [ "$(id -u)" = 0 ]; then
        "$@"
        return
    fi
    has sudo || die "this needs root ($reason), and there is no sudo: run it as root: $*"
    say "root is needed $reason:"
    say "  sudo $*"
    sudo "$@"
}

# quietly LOG COMMAND...: keeps the output in a log and shows its end only when the command fails.
quietly() {
    local log=$1 code=0
    shift
    "$@" >"$log" 2>&1 || code=$?
    if [ "$code" != 0 ]; then
        say "failed ($code): $*"
        say "the last lines of $log:"
        tail -n 30 "$log" >&2
    fi
    return "$code"
}

# free_port PREFERRED: that port of 127.0.0.1 when nobody has it, else another one.
free_port() {
    /usr/bin/python3 - "$1" <<'PY'
import socket, sys
for port in (int(sys.argv[1]), 0):
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            s.bind(("127.0.0.1", port))
        except OSError:
            continue
        print(s.getsockname()[1])
        break
PY
}

# alive PIDFILE WORD: is the process of that file there, and is it ours? (Numbers are used again.)
alive() {
    local pid
    pid=$(cat "$1" 2>/dev/null) || return 1
    [ -n "$pid" ] && tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline" | grep -q -- "$2"
}

# end PIDFILE WORD: ends that process and waits until it is gone.
end() {
    local pid
    if alive "$1" "$2"; then
        pid=$(cat "$1")
        kill "$pid" 2>/dev/null || true
        for _ in $(seq 50); do
            alive "$1" "$2" || break
            sleep 0.1
        done
        if alive "$1" "$2"; then kill -9 "$pid" 2>/dev/null || true; fi
    fi
    rm -f "$1"
}

# wait_for SECONDS PIDFILE COMMAND...: until the command succeeds, as long as the process lives.
# Not by `alive`: a process that was just forked does not bear its name yet.
wait_for() {
    local limit pid
    limit=$(($(date +%s) + $1))
    pid=$(cat "$2")
    shift 2
    until "$@" >/dev/null 2>&1; do
        [ -e "/proc/$pid" ] || return 1
        [ "$(date +%s)" -lt "$limit" ] || return 1
        sleep 0.1
    done
}
