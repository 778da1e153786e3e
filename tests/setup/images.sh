# shellcheck shell=bash
# The images: public ones where they can be pulled, else made here, from packages of this machine's own Debian or Ubuntu.

RECIPE_LABEL=credrun.recipe
LOCAL_BASE=credrun-base:local
PUBLIC_BASE=debian:bookworm-slim
AWSCLI_IMAGE=amazon/aws-cli

# recipe FILE...: what an image is made from, as one word.
recipe() { cat "$@" | sha256sum | cut -c1-16; }
image_exists() { docker image inspect "$1" >/dev/null 2>&1; }
recipe_of() { docker image inspect -f "{{index .Config.Labels \"$RECIPE_LABEL\"}}" "$1" 2>/dev/null; }

# try_pull IMAGE: 90 seconds at most, and no second image once one failed: there is no internet then.
try_pull() {
    [ -z "${NO_PUBLIC_IMAGES:-}" ] || return 1
    say "pulling $1"
    timeout 90 docker pull -q "$1" >"$STATE/pull.log" 2>&1 && return
    say "it cannot be pulled here, so it is built: $(tail -n 1 "$STATE/pull.log")"
    NO_PUBLIC_IMAGES=yes
    return 1
}

# The distribution and the mirror that this machine itself installs from.
own_suite() {
    # shellcheck disable=SC1091
    . /etc/os-release && echo "$VERSION_CODENAME"
}
own_mirror() {
    # shellcheck disable=SC2016 # apt's own variables
    apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(CODENAME) $(COMPONENT)' 'Identifier: Packages' |
        awk -v suite="$(own_suite)" '($2 == suite || $3 == suite) && $4 == "main" { print $1; exit }'
}

ensure_local_base() {
    local tree="$STATE/base" wanted
    wanted=$(recipe "$SETUP/images.sh" "$SETUP/base-tree.sh" /etc/os-release)
    [ "$(recipe_of $LOCAL_BASE)" != "$wanted" ] || return 0
    install_packages debootstrap
    say "making a base image with debootstrap (about a minute)"
    as_root "to make a base image" sh "$SETUP/base-tree.sh" "$tree" "$(own_suite)" "$(own_mirror)" || die "debootstrap failed: see $tree.log"
    as_root "to pack the base image" tar -C "$tree" --numeric-owner -c . |
        docker import -c "LABEL $RECIPE_LABEL=$wanted" -c 'CMD ["sh"]' - $LOCAL_BASE >/dev/null
    as_root "to remove that tree" rm -rf "$tree"
}

# build TAG RECIPE CONTEXT ARG...: the network is the host's, the one that is known to work.
build() {
    local tag=$1 wanted=$2 context=$3
    shift 3
    say "building $tag"
    quietly "$STATE/build.log" docker build --network host --label "$RECIPE_LABEL=$wanted" -t "$tag" "$@" "$context" ||
        die "docker build of $tag failed: see $STATE/build.log"
}

# An image that somebody pulled has no recipe of ours: it is used as it is.
ensure_awscli_image() {
    local context="$STATE/awscli-image" wanted have
    if image_exists $AWSCLI_IMAGE; then
        have=$(recipe_of $AWSCLI_IMAGE) || have=''
        wanted=$(recipe "$SETUP/images.sh" "$SETUP/base-tree.sh" "$SETUP/requirements.txt" /etc/os-release)
        if [ -z "$have" ] || [ "$have" = "$wanted" ]; then return; fi
    else
        try_pull $AWSCLI_IMAGE && return
        wanted=$(recipe "$SETUP/images.sh" "$SETUP/base-tree.sh" "$SETUP/requirements.txt" /etc/os-release)
    fi
    ensure_local_base
    rm -rf "$context"
    mkdir -p "$context"
    # The base is this machine's distribution, so what fits this machine's Python fits the image's.
    quietly "$STATE/pip.log" "$VENV/bin/pip" install -q --disable-pip-version-check --target "$context/awscli" \
        "$(grep '^awscli==' "$SETUP/requirements.txt")" || die "pip could not fetch the AWS CLI"
    printf '#!/usr/bin/python3\nimport sys\nsys.path.insert(0, "/opt/awscli")\nfrom awscli.clidriver import main\nsys.exit(main())\n' >"$context/aws"
    chmod 755 "$context/aws"
    printf 'FROM %s\nCOPY awscli /opt/awscli\nCOPY aws /usr/local/bin/aws\nWORKDIR /aws\nENTRYPOINT ["aws"]\nCMD []\n' \
        $LOCAL_BASE >"$context/Dockerfile"
    build $AWSCLI_IMAGE "$wanted" "$context"
    rm -rf "$context"
}

# pick_base: sets BASE to the first of: a public base that is here, one that can be pulled, our own.
pick_base() {
    BASE=$PUBLIC_BASE
    image_exists $PUBLIC_BASE || try_pull $PUBLIC_BASE || {
        ensure_local_base
        BASE=$LOCAL_BASE
    }
}

ensure_test_images() {
    local wanted tag context="$STATE/empty"
    wanted=$(recipe "$REPO/Dockerfile.test")
    BASE=''
    mkdir -p "$context"
    for tag in latest:test baked-aws:baked-aws baked-env:baked-env; do
        [ "$(recipe_of "credrun-test:${tag%%:*}")" != "$wanted" ] || continue
        [ -n "$BASE" ] || pick_base
        build "credrun-test:${tag%%:*}" "$wanted" "$context" -f "$REPO/Dockerfile.test" --build-arg "BASE=$BASE" --target "${tag##*:}"
    done
}
