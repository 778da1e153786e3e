#!/bin/sh
# background.sh LOG COMMAND...: runs the command in a session of its own, so that no Ctrl-C reaches it.
# The log's last line tells those who wait that it gave up.
log=$1
shift
# shellcheck disable=SC2016 # expanded by the inner shell
setsid sh -c '"$@"; echo "background command ended with $?"' background "$@" >"$log" 2>&1 </dev/null &
