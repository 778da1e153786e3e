# shellcheck shell=bash
# A Rust that is new enough for Cargo.toml's `rust-version`.

required_rust() { sed -n 's/^rust-version *= *"\(.*\)"/\1/p' "$REPO/Cargo.toml"; }

rust_is_new_enough() {
    local have
    has cargo || return 1
    have=$(cd "$REPO" && rustc --version 2>/dev/null | cut -d' ' -f2) && [ -n "$have" ] || return 1
    [ "$(printf '%s\n%s\n' "$(required_rust)" "$have" | sort -V | head -n 1)" = "$(required_rust)" ]
}

# ensure_rust: what is there, else rustup's stable, which goes into the home directory without root.
ensure_rust() {
    local cargo_bin="${CARGO_HOME:-$HOME/.cargo}/bin"
    has cargo || PATH="$cargo_bin:$PATH"
    rust_is_new_enough && return
    step "Rust $(required_rust) or newer is missing: installing it with rustup"
    if has rustup; then
        rustup toolchain install stable --profile minimal --component clippy --component rustfmt
    else
        curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs -o "$STATE/rustup-init.sh" ||
            die "could not fetch rustup from https://sh.rustup.rs: install Rust $(required_rust) and try again"
        sh "$STATE/rustup-init.sh" -y --no-modify-path --profile minimal --component clippy --component rustfmt
    fi >&2
    PATH="$cargo_bin:$PATH"
    # Whatever the default toolchain is, these scripts use the one that fits.
    rust_is_new_enough || export RUSTUP_TOOLCHAIN=stable
    rust_is_new_enough || die "rustup ran, yet there is no Rust $(required_rust): see \`rustup show\`"
}
