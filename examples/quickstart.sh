#!/usr/bin/env bash
# credrun at work in one command, without an AWS account, on Debian or Ubuntu:
#
#   bash examples/quickstart.sh
#
# It starts an emulator of AWS and a stand-in for CloudShell's credentials endpoint, builds credrun, makes a bucket,
# and lets the AWS CLI in a container list it. What needs root (packages, the engine, a base image) says so before it
# asks. At the end everything that it started is ended again, except for an engine: that one stays installed and up.
# What it downloads stays under target/test-env for the next time, where tests/run.sh finds it too.
#
# CREDRUN=/path/to/credrun uses that one instead of building it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
for part in common packages rust engine emulator images; do
    # shellcheck source=/dev/null
    . "tests/setup/$part.sh"
done

# The AWS settings of this shell are another story than the one told here.
for name in $(compgen -e AWS_ || true); do unset "$name"; done
export AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null AWS_EC2_METADATA_DISABLED=true

# shellcheck disable=SC2317 # called by the trap
clean_up() {
    local code=$?
    end "$STATE/quickstart-endpoint.pid" cloudshell_endpoint
    # An emulator forgets everything when it ends: no bucket, role or credential outlives this script.
    stop_emulator quickstart-emulator
    rm -f "$STATE/quickstart-exports"
    if [ "$code" = 0 ]; then say "cleaned up: the emulator and the endpoint are ended"; fi
}

# show COMMAND...: prints it as one would type it, then runs it.
show() {
    printf '\n$ %s\n' "$*" >&2
    "$@"
}

prepare() {
    step "1/5 What is needed: packages, Rust, a Docker engine"
    install_base_packages
    [ -n "${CREDRUN:-}" ] || ensure_rust
    ensure_engine
    join_docker_group "$@"
    ensure_venv
    say "$(rustc --version 2>/dev/null || echo "no Rust"), engine $(docker version --format '{{.Server.Version}}')"
}

prepare_image() {
    step "2/5 The image amazon/aws-cli"
    ensure_awscli_image
    say "$(docker image inspect -f '{{index .RepoTags 0}} {{.Id}}' "$AWSCLI_IMAGE" | cut -c1-50)"
}

build_credrun() {
    step "3/5 credrun"
    if [ -n "${CREDRUN:-}" ]; then
        say "using $CREDRUN"
        return
    fi
    # The dev profile: the release profile's link-time optimisation takes minutes and shows nothing more here.
    show cargo build --locked --quiet >&2
    CREDRUN="${CARGO_TARGET_DIR:-$REPO/target}/debug/credrun"
}

# An operator who may work with S3, as whom CloudShell is opened, and a bucket.
prepare_account() {
    step "4/5 An AWS account with a bucket, and CloudShell's endpoint"
    start_emulator quickstart-emulator 4566
    emulator_aws iam create-role --role-name operator --output text --query Role.Arn --assume-role-policy-document \
        "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"sts:AssumeRole\",\"Principal\":{\"AWS\":\"arn:aws:iam::$ACCOUNT:root\"}}]}" >&2
    emulator_aws iam put-role-policy --role-name operator --policy-name s3 --policy-document \
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}'
    emulator_aws s3 mb s3://hello-from-credrun >&2
}

start_endpoint() {
    local exports="$STATE/quickstart-exports" pidfile="$STATE/quickstart-endpoint.pid"
    rm -f "$exports"
    setsid /usr/bin/python3 examples/cloudshell_endpoint.py --sts "$EMULATOR" --port "$(free_port 1338)" \
        --role-arn "arn:aws:iam::$ACCOUNT:role/operator" --session-name quickstart --exports "$exports" \
        >"$STATE/quickstart-endpoint.log" 2>&1 </dev/null &
    echo $! >"$pidfile"
    wait_for 20 "$pidfile" test -e "$exports" || {
        cat "$STATE/quickstart-endpoint.log" >&2
        die "the endpoint did not start"
    }
    # shellcheck source=/dev/null
    . "$exports"
    export AWS_ENDPOINT_URL="$EMULATOR"
    say "AWS_CONTAINER_CREDENTIALS_FULL_URI=$AWS_CONTAINER_CREDENTIALS_FULL_URI"
    say "AWS_CONTAINER_AUTHORIZATION_TOKEN=${AWS_CONTAINER_AUTHORIZATION_TOKEN:0:4}..."
    say "AWS_ENDPOINT_URL=$AWS_ENDPOINT_URL"
}

run_it() {
    step "5/5 The AWS CLI in a container, first as docker runs it, then as credrun does"
    show docker run --rm --network host -e AWS_ENDPOINT_URL -e AWS_DEFAULT_REGION "$AWSCLI_IMAGE" s3 ls ||
        say "(docker run ended with $?: the container has no credentials)"
    PATH="$(dirname "$CREDRUN"):$PATH"
    show "$(basename "$CREDRUN")" --network host -e AWS_ENDPOINT_URL "$AWSCLI_IMAGE" s3 ls
}

trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
prepare "$@"
prepare_image
build_credrun
prepare_account
start_endpoint
run_it
say
