# shellcheck shell=sh
# For a shell in which `cargo test` is run again and again:
#   . tests/setup/env.sh && cargo test
#   bash tests/setup/down.sh        # when done
_credrun_repo=$(git rev-parse --show-toplevel) &&
    bash "$_credrun_repo/tests/setup/up.sh" &&
    # shellcheck source=/dev/null
    . "${CREDRUN_TEST_STATE:-$_credrun_repo/target/test-env}/exports"
