#!/usr/bin/env bash
# Measures how fast credrun is, beside `docker run` and others, on Debian or Ubuntu: sets up all that it needs first.
#
#   bash benches/run.sh [SECTIONS...] [--runs N] [--build]
#
# Sections: run timeline side-by-side roles streams refresh start; all of them without any. --build also times a clean
# release build. The table and the plots go to target/speed. Let the machine do nothing else meanwhile.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
case " $* " in *" --help "* | *" -h "*) sed -n '2,7s/^# \{0,1\}//p' "$0"; exit 0 ;; esac

arguments=()
for argument in "$@"; do
    if [ "$argument" = --build ]; then export CREDRUN_BENCH_BUILD=1; else arguments+=("$argument"); fi
done

# shellcheck source=/dev/null
. tests/setup/common.sh
# What was up before stays up.
alive "$STATE/emulator.pid" ministack || trap 'bash tests/setup/down.sh' EXIT
bash tests/setup/up.sh
# shellcheck source=/dev/null
. "$STATE/exports"

# What credrun is compared with.
command -v jq >/dev/null || { echo "installing jq"; sudo=; [ "$(id -u)" = 0 ] || sudo=sudo; $sudo apt-get install -qq -y jq; }
tools=target/speed/tools
if [ ! -x $tools/bin/iam-docker-run ]; then
    python3 -m venv $tools
    $tools/bin/pip install --quiet setuptools six iam-docker-run==0.3.9
fi
export CREDRUN_BENCH_IAM_DOCKER_RUN=$PWD/$tools/bin/iam-docker-run

cargo bench --locked --bench speed -- "${arguments[@]}"
