# shellcheck shell=bash
# The emulator of AWS (ministack), the AWS CLI, and a registry that asks for a password.

VENV="$STATE/venv"
ACCOUNT=123456789012

ensure_venv() {
    local stamp="$VENV/.requirements"
    cmp -s "$SETUP/requirements.txt" "$stamp" && return
    step "installing the emulator and the AWS CLI into $VENV"
    rm -rf "$VENV"
    quietly "$STATE/venv.log" /usr/bin/python3 -m venv "$VENV" || die "python3 -m venv failed"
    quietly "$STATE/pip.log" "$VENV/bin/pip" install -q --disable-pip-version-check -r "$SETUP/requirements.txt" ||
        die "pip could not install tests/setup/requirements.txt: is there a way to PyPI?"
    cp "$SETUP/requirements.txt" "$stamp"
}

# start_emulator NAME PREFERRED_PORT: sets EMULATOR to its address; NAME.pid in the state directory is its number.
# AUTH=true makes it judge signatures, policies and expiry as AWS does.
start_emulator() {
    local pidfile="$STATE/$1.pid" portfile="$STATE/$1.port" port
    if alive "$pidfile" ministack; then
        EMULATOR="http://127.0.0.1:$(cat "$portfile")"
        return
    fi
    port=$(free_port "$2")
    # No DOCKER_HOST that works: it would start containers of its own for Lambda and the like.
    env -u AWS_ENDPOINT_URL DOCKER_HOST=unix:///nonexistent AUTH=true BIND_HOST=127.0.0.1 GATEWAY_PORT="$port" \
        MINISTACK_ACCOUNT_ID="$ACCOUNT" \
        setsid "$VENV/bin/ministack" >"$STATE/$1.log" 2>&1 </dev/null &
    echo $! >"$pidfile"
    echo "$port" >"$portfile"
    EMULATOR="http://127.0.0.1:$port"
    wait_for 30 "$pidfile" curl -fsS -m 2 -o /dev/null "$EMULATOR/_ministack/health" || {
        tail -n 20 "$STATE/$1.log" >&2
        die "the emulator did not start"
    }
}
stop_emulator() { end "$STATE/$1.pid" ministack; }

# emulator_aws ARG...: the AWS CLI as the root of the emulated account.
emulator_aws() {
    env AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_DEFAULT_REGION=us-east-1 AWS_PAGER='' \
        AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null \
        "$VENV/bin/aws" --endpoint-url "$EMULATOR" "$@"
}

# The package is unpacked, not installed: installed, it would start a registry for everybody.
ensure_registry_binary() {
    REGISTRY_BINARY=$(command -v docker-registry || true)
    [ -z "$REGISTRY_BINARY" ] || return 0
    REGISTRY_BINARY="$STATE/registry/usr/bin/docker-registry"
    [ ! -x "$REGISTRY_BINARY" ] || return 0
    package_exists docker-registry || refresh_index
    mkdir -p "$STATE/registry"
    (cd "$STATE/registry" && apt-get download -qq docker-registry >&2 && dpkg -x docker-registry_*.deb .) ||
        die "could not fetch the package docker-registry"
}

REGISTRY_USER=credrun
# `~ > ?` are the letters whose base64 differs between the two alphabets: X-Registry-Auth needs base64url.
REGISTRY_PASSWORD='pass~~>>??word'

# start_registry PREFERRED_PORT: sets REGISTRY to host:port. 127/8 counts as insecure-allowed in every engine.
start_registry() {
    local pidfile="$STATE/registry.pid" portfile="$STATE/registry.port" port dir="$STATE/registry"
    if alive "$pidfile" docker-registry; then
        REGISTRY="127.0.0.1:$(cat "$portfile")"
        return
    fi
    ensure_registry_binary
    port=$(free_port "$1")
    mkdir -p "$dir"
    "$VENV/bin/python" -c 'import bcrypt, sys
print(sys.argv[1] + ":" + bcrypt.hashpw(sys.argv[2].encode(), bcrypt.gensalt(4)).decode())' \
        "$REGISTRY_USER" "$REGISTRY_PASSWORD" >"$dir/htpasswd"
    cat >"$dir/config.yml" <<YML
version: 0.1
log: {level: warn}
storage: {filesystem: {rootdirectory: $dir/data}, delete: {enabled: true}}
http: {addr: "127.0.0.1:$port"}
auth: {htpasswd: {realm: credrun-test, path: $dir/htpasswd}}
YML
    setsid "$REGISTRY_BINARY" serve "$dir/config.yml" >"$STATE/registry.log" 2>&1 </dev/null &
    echo $! >"$pidfile"
    echo "$port" >"$portfile"
    REGISTRY="127.0.0.1:$port"
    wait_for 30 "$pidfile" \
        curl -fsS -m 2 -o /dev/null -u "$REGISTRY_USER:$REGISTRY_PASSWORD" "http://$REGISTRY/v2/" || {
        tail -n 20 "$STATE/registry.log" >&2
        die "the registry did not start"
    }
}
stop_registry() { end "$STATE/registry.pid" docker-registry; }
