# shellcheck shell=sh
# For a shell in which `cargo test` is run again and again:
#   . tests/setup/env.sh && cargo test
#   bash tests/setup/down.sh        # when done
_credrun_repo=$(git rev-parse --show-toplevel) || return 1
bash "$_credrun_repo/tests/setup/up.sh" || return 1
# shellcheck source=/dev/null
. "${CREDRUN_TEST_STATE:-$_credrun_repo/target/test-env}/exports"
