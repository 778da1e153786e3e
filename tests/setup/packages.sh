# shellcheck shell=bash
# Debian's and Ubuntu's packages: only those that are missing, and the index is fetched only then.

package_exists() { apt-cache show "$1" >/dev/null 2>&1; }
package_installed() { dpkg-query -W -f '${db:Status-Abbrev}' "$1" 2>/dev/null | grep -q '^ii'; }

refresh_index() {
    [ -z "${INDEX_IS_FRESH:-}" ] || return 0
    # A third-party source that does not answer is no reason to stop: the install below decides.
    as_root "to fetch the list of packages" apt-get update -qq ||
        say "warning: apt-get update failed; going on with the lists that are here"
    INDEX_IS_FRESH=yes
}

# install_packages NAME...: those that are not installed yet.
install_packages() {
    local missing=() name
    for name in "$@"; do
        package_installed "$name" || missing+=("$name")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    has apt-get || die "these packages are needed, and this is no Debian or Ubuntu: ${missing[*]}"
    refresh_index
    as_root "to install ${missing[*]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends "${missing[@]}" >"$STATE/apt.log" ||
        die "apt-get could not install ${missing[*]}: see $STATE/apt.log"
}

# What the scripts themselves and the build need. Each is looked for by what it gives, so that
# nothing is installed over what came from elsewhere.
install_base_packages() {
    local wanted=()
    has curl || wanted+=(curl)
    has git || wanted+=(git)
    # Asked what they make of completions and of exported credentials.
    has fish || wanted+=(fish)
    has zsh || wanted+=(zsh)
    # Judges the manual page.
    has groff || wanted+=(groff-base)
    { has cc && has make; } || wanted+=(build-essential)
    [ -e /etc/ssl/certs/ca-certificates.crt ] || wanted+=(ca-certificates)
    # Debian's own Python, whatever else is first in PATH: images are made to fit it.
    /usr/bin/python3 -c 'import venv, ensurepip' 2>/dev/null || wanted+=(python3 python3-venv)
    install_packages "${wanted[@]}"
}

# Debian 12 and Ubuntu carry the CLI in `docker.io`, Debian 13 in `docker-cli`.
install_docker_packages() {
    install_packages docker.io iptables
    has docker || {
        package_exists docker-cli || refresh_index
        install_packages docker-cli
    }
}
