#!/bin/sh
# base-tree.sh DIR SUITE MIRROR: a minimal system with Python, made as root. What only apt and man need is left out (100 MB).
set -e
PATH="$PATH:/usr/sbin:/sbin"
rm -rf "$1"
debootstrap --variant=minbase --include=ca-certificates,python3 "$2" "$1" "$3" >"$1.log" 2>&1 || {
    tail -n 20 "$1.log" "$1/debootstrap/debootstrap.log" >&2
    exit 1
}
rm -rf "$1"/var/cache/apt/* "$1"/var/lib/apt/lists/* "$1"/usr/share/doc/* "$1"/usr/share/man/* \
    "$1"/usr/share/locale/* "$1"/var/log/*
