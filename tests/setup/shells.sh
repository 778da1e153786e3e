# shellcheck shell=bash
# cmd.exe: Wine's, the only one that Debian has. (PowerShell is in no registry that the set-up asks.)

WINE="$STATE/wine"
WINDOWS_CMD="$WINE/cmd"

# What cmd.exe loads, in Wine 8 and, it is hoped, in its neighbours: a tenth of the packages, and nothing that wants a
# display.
WINE_PARTS=(
    './usr/lib/wine/wine64' './usr/lib/wine/wineserver64' './usr/share/wine/nls/*'
    './usr/lib/*/wine/*-unix/ntdll.so' './usr/lib/*/wine/*-windows/cmd.exe' './usr/lib/*/wine/*-windows/start.exe'
)
for library in advapi32 apisetschema bcrypt combase gdi32 imm32 kernel32 kernelbase msvcrt ntdll ole32 oleaut32 rpcrt4 \
    sechost shcore shell32 shlwapi ucrtbase user32 version win32u; do
    WINE_PARTS+=("./usr/lib/*/wine/*-windows/$library.dll")
done

windows_cmd_answers() {
    local code=0
    [ -x "$WINDOWS_CMD" ] || return 1
    timeout 60 "$WINDOWS_CMD" /c 'exit 3' >/dev/null 2>&1 </dev/null || code=$?
    [ "$code" = 3 ]
}

# The packages are unpacked, not installed: with all that they depend on they are ten times as large. Where it does not
# work, the test that needs it fails, and no other.
ensure_windows_cmd() {
    windows_cmd_answers && return
    step "fetching Wine's cmd.exe (100 MB, of which 80 are kept in $WINE)"
    install_packages libunwind8
    if ! unpack_wine || ! windows_cmd_answers; then
        say "warning: there is no cmd.exe here: Wine's packages wine64, libwine and libz-mingw-w64 could not be used"
        rm -rf "$WINE"
    fi
}

unpack_wine() {
    local windows
    package_exists wine64 || refresh_index
    rm -rf "$WINE"
    mkdir -p "$WINE/packages" "$WINE/prefix/drive_c/windows" "$WINE/prefix/dosdevices"
    (cd "$WINE/packages" && apt-get download -qq wine64 libwine libz-mingw-w64 >&2) || return 1
    unpack wine64 "${WINE_PARTS[@]}"
    unpack libwine "${WINE_PARTS[@]}"
    unpack libz-mingw-w64 './usr/x86_64-w64-mingw32/lib/zlib1.dll'
    rm -r "$WINE/packages"
    windows=$(echo "$WINE"/usr/lib/*/wine/*-windows)
    mv "$WINE/usr/x86_64-w64-mingw32/lib/zlib1.dll" "$windows/" || return 1
    # A drive C: that is these libraries; `disable` keeps Wine from making its own of 700 MB.
    ln -s "$windows" "$WINE/prefix/drive_c/windows/system32"
    ln -s ../drive_c "$WINE/prefix/dosdevices/c:"
    ln -s / "$WINE/prefix/dosdevices/z:"
    echo disable >"$WINE/prefix/.update-timestamp"
    cat >"$WINDOWS_CMD" <<'SH'
#!/bin/sh
# cmd.exe with these arguments.
wine=$(cd "$(dirname "$0")" && pwd)
export WINEPREFIX="$wine/prefix" WINESERVER="$wine/usr/lib/wine/wineserver64" WINEDEBUG=-all
# A Windows has them from its registry.
export PATHEXT='.COM;.EXE;.BAT;.CMD' WINEPATH='C:\windows\system32'
# Started by cmd.exe, the server would hold its output open for as long as it waits for a next one.
"$WINESERVER" -p10 </dev/null >/dev/null 2>&1
exec "$wine/usr/lib/wine/wine64" 'C:\windows\system32\cmd.exe' "$@"
SH
    chmod +x "$WINDOWS_CMD"
}

# unpack PACKAGE PATTERN...: those of its files that fit; not all patterns have to.
unpack() {
    local package=$1
    shift
    dpkg-deb --fsys-tarfile "$WINE/packages/$package"_*.deb |
        tar -x -C "$WINE" --no-same-owner --wildcards "$@" 2>/dev/null || true
}
