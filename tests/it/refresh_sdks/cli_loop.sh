# cli_loop.sh AWS SECONDS: calls AWS by the AWS CLI, a process each, for so many seconds: a line for each call.
end=$(($(date +%s) + $2))
while [ "$(date +%s)" -lt "$end" ]; do
    if told=$("$1" sts get-caller-identity --output text 2>&1); then
        echo ok
    else
        printf 'failed: %s\n' "$told" | tr '\n' ' '
        echo
    fi
done
