# shellcheck shell=bash
# A second Docker engine, for the tests of addresses, TLS, contexts and ssh: a dockerd in a network namespace of its
# own (one beside it would take the first engine's bridge away), and an sshd on loopback that leads to it.

SECOND="$STATE/second"
# Of the network for benchmarks (RFC 2544), which nobody routes.
SECOND_HOST=198.18.213.2
SECOND_NETNS=credrun-second

ensure_second_engine_packages() {
    local wanted=()
    has openssl || wanted+=(openssl)
    has ip || wanted+=(iproute2)
    has ssh || wanted+=(openssh-client)
    install_packages "${wanted[@]}"
    # Unpacked, not installed: installed, it would open this machine to logins.
    SSHD=$(command -v sshd || true)
    [ -z "$SSHD" ] || return 0
    SSHD="$SECOND/sshd/usr/sbin/sshd"
    if [ -x "$SSHD" ]; then ensure_sshd_libraries; return; fi
    package_exists openssh-server || refresh_index
    mkdir -p "$SECOND/sshd"
    (cd "$SECOND/sshd" && apt-get download -qq openssh-server >&2 && dpkg -x openssh-server_*.deb .) ||
        die "could not fetch the package openssh-server"
    ensure_sshd_libraries
}

# What the package would have brought along: a slim machine lacks libwrap0, say.
ensure_sshd_libraries() {
    case $(ldd "$SSHD") in *'not found'*) ;; *) return 0 ;; esac
    local libraries
    mapfile -t libraries < <(apt-cache depends openssh-server | sed -n 's/^ *Depends: \(lib[a-z0-9.+-]*\)$/\1/p')
    install_packages "${libraries[@]}"
}

# A CA, the engine's certificate and a client's; another CA, for what must be refused.
ensure_certificates() {
    local dir="$SECOND/certs"
    [ ! -e "$dir/done" ] || return 0
    rm -rf "$dir"
    mkdir -p "$dir/other"
    (
        cd "$dir"
        authority() { openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj "/CN=$1" -keyout "$2/ca-key.pem" -out "$2/ca.pem"; }
        signed() {
            openssl req -newkey rsa:2048 -nodes -subj "/CN=$1" -keyout "$2-key.pem" -out "$2.csr"
            openssl x509 -req -days 3650 -in "$2.csr" -CA ca.pem -CAkey ca-key.pem -CAcreateserial -out "$2.pem" -extfile "$2.ext"
        }
        authority credrun-test .
        authority somebody-else other
        printf 'subjectAltName=IP:%s\nextendedKeyUsage=serverAuth\n' "$SECOND_HOST" >server.ext
        printf 'extendedKeyUsage=clientAuth\n' >client.ext
        signed engine server
        signed client client
        mkdir -p client
        cp ca.pem client/ca.pem
        cp client.pem client/cert.pem
        cp client-key.pem client/key.pem
    ) >"$SECOND/openssl.log" 2>&1 || die "openssl made no certificates: see $SECOND/openssl.log"
    touch "$dir/done"
}

second_engine_answers() { DOCKER_HOST="unix://$SECOND/docker.sock" docker version --format ok >/dev/null 2>&1; }

start_second_dockerd() {
    if alive "$SECOND/docker.pid" dockerd && second_engine_answers; then return; fi
    say "starting a second dockerd, in the network namespace $SECOND_NETNS (its log: $SECOND/dockerd.log)"
    as_root "for a network namespace and a second Docker engine in it" \
        sh "$SETUP/second_dockerd.sh" "$SECOND" "$SECOND_NETNS" "$SECOND_HOST" "$(id -gn)"
    for _ in $(seq 150); do
        second_engine_answers && return
        sleep 0.2
    done
    tail -n 20 "$SECOND/dockerd.log" >&2
    die "the second Docker engine did not start: the log above says why"
}

# The image goes from engine to engine: nothing is pulled.
load_second_image() {
    local image=$1
    [ "$(docker image inspect -f '{{.Id}}' "$image")" != \
        "$(DOCKER_HOST="unix://$SECOND/docker.sock" docker image inspect -f '{{.Id}}' "$image" 2>/dev/null)" ] || return 0
    docker save "$image" | DOCKER_HOST="unix://$SECOND/docker.sock" docker load -q >&2
}

# An sshd for this user alone, with a key of its own; `ssh` of the tests gets its configuration from here.
start_sshd() {
    local dir="$SECOND/ssh" port
    if alive "$dir/sshd.pid" sshd; then return; fi
    mkdir -p "$dir"
    [ -e "$dir/host" ] || ssh-keygen -q -t ed25519 -N '' -f "$dir/host"
    [ -e "$dir/user" ] || ssh-keygen -q -t ed25519 -N '' -f "$dir/user"
    port=$(free_port 2222)
    cat >"$dir/sshd_config" <<CONF
ListenAddress 127.0.0.1
Port $port
HostKey $dir/host
PidFile none
AuthorizedKeysFile $dir/user.pub
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
StrictModes no
PermitRootLogin prohibit-password
MaxStartups 100
SetEnv DOCKER_HOST=unix://$SECOND/docker.sock PATH=$PATH
CONF
    printf '[127.0.0.1]:%s %s\n' "$port" "$(cut -d' ' -f1,2 "$dir/host.pub")" >"$dir/known_hosts"
    cat >"$dir/config" <<CONF
Host second
    HostName 127.0.0.1
    Port $port
    User $(id -un)
    IdentityFile $dir/user
    IdentitiesOnly yes
    UserKnownHostsFile $dir/known_hosts
    StrictHostKeyChecking yes
Host stranger
    HostName 127.0.0.1
    Port $port
    User $(id -un)
    IdentitiesOnly yes
    IdentityFile $dir/host
    UserKnownHostsFile $dir/known_hosts
    StrictHostKeyChecking yes
Host unknown
    HostName 127.0.0.1
    Port $port
    UserKnownHostsFile /dev/null
    StrictHostKeyChecking yes
CONF
    # Where, and as whom, sshd gives up its privileges; only root has any. The package would make this user, too.
    if [ "$(id -u)" = 0 ]; then
        mkdir -p /run/sshd
        id sshd >/dev/null 2>&1 ||
            useradd --system --no-create-home --home-dir /run/sshd --shell /usr/sbin/nologin sshd
    fi
    setsid "$SSHD" -D -e -f "$dir/sshd_config" >"$dir/sshd.log" 2>&1 </dev/null &
    echo $! >"$dir/sshd.pid"
    wait_for 20 "$dir/sshd.pid" ssh -F "$dir/config" second true || {
        tail -n 20 "$dir/sshd.log" >&2
        die "sshd did not start"
    }
}

start_second_engine() {
    mkdir -p "$SECOND"
    ensure_second_engine_packages
    ensure_certificates
    start_second_dockerd
    load_second_image credrun-test:latest
    start_sshd
}

stop_second_engine() {
    end "$SECOND/ssh/sshd.pid" sshd
    if alive "$SECOND/docker.pid" dockerd; then
        as_root "to end the second Docker engine" sh "$SETUP/second_dockerd.sh" --end "$SECOND" "$SECOND_NETNS"
    fi
}
