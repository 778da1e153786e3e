#!/usr/bin/env bash
# Sets up all that the tests need, on Debian 12 or 13 or Ubuntu, with or without Docker, Rust or public images, and runs them.
#
#   bash tests/run.sh [--long] [-- ARGUMENTS OF CARGO TEST...]
#
# The quick tier is every test that guards a change; --long adds big corpora, soaks and kill runs.
# What needs root (packages, the engine, a base image) says so before it asks. What this starts it ends, except
# for an engine. A second run finds what the first one made, under target/test-env and among the engine's images.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
for part in common engine second_engine podman; do
    # shellcheck source=/dev/null
    . "tests/setup/$part.sh"
done

usage() { sed -n '2,8s/^# \{0,1\}//p' tests/run.sh; }

long=
arguments=("$@")
while [ $# -gt 0 ]; do
    case $1 in
        --long) long=1 ;;
        -h | --help) usage; exit 0 ;;
        --) shift; break ;;
        *) usage >&2; die "unknown argument \`$1\`; arguments for cargo test go after \`--\`" ;;
    esac
    shift
done

# Processes that were up before are somebody else's to end: `. tests/setup/env.sh` leaves them up on purpose.
# Exported, because joining the group `docker` starts this script again, when its own are up.
up_before() {
    alive "$STATE/emulator.pid" ministack && echo emulator
    alive "$STATE/registry.pid" docker-registry && echo registry
    alive "$SECOND/docker.pid" dockerd && echo second
    alive "$PODMAN/podman.pid" podman && echo podman
    return 0
}
export CREDRUN_TEST_KEEP=${CREDRUN_TEST_KEEP-$(up_before)}
# shellcheck disable=SC2317 # called by the trap
clean_up() {
    # What cannot be ended, or gives up on it, keeps nothing else from being ended.
    set +e
    case $CREDRUN_TEST_KEEP in *emulator*) ;; *) (end "$STATE/emulator.pid" ministack) ;; esac
    case $CREDRUN_TEST_KEEP in *podman*) ;; *) (stop_podman) ;; esac
    case $CREDRUN_TEST_KEEP in *second*) ;; *) (stop_second_engine) ;; esac
    case $CREDRUN_TEST_KEEP in *registry*) ;; *) (end "$STATE/registry.pid" docker-registry) ;; esac
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

started=$(date +%s)
bash tests/setup/up.sh
# shellcheck source=/dev/null
. "$STATE/exports"
join_docker_group "${arguments[@]}"
[ -z "$long" ] || export CREDRUN_TEST_LONG=1
say "set up after $(($(date +%s) - started)) s; emulator $CREDRUN_TEST_EMULATOR, registry $CREDRUN_TEST_REGISTRY"

# Most of a test's time is waiting for an engine.
export RUST_TEST_THREADS=${RUST_TEST_THREADS:-$((2 * $(nproc)))}
step "cargo test --locked $*"
code=0
# A shell's background job ignores Ctrl-C, and so would all that is started from it: the tests send such signals.
env --default-signal=HUP,INT,QUIT cargo test --locked "$@" || code=$?
say "tests/run.sh: cargo test ended with $code after $(($(date +%s) - started)) s"
exit "$code"
