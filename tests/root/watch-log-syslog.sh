#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# LogSyslog: identity, facility and priority are clamd's, the line has neither time nor severity.
# (/dev/log is one of our own, in a mount namespace.)
set -eu
. "$(dirname "$0")/../support/lib.sh"
need_root
need python3 unshare
watch=$BUILD/onaccess-watch
chmod 755 "$scratch" "$scratch/w"
mkdir dev files
make_eicar files/bad
for node in null zero random urandom; do : >dev/$node; done
unshare -m true 2>/dev/null || skip "no mount namespace to be had"

cat >syslogd.py <<'PY'
import os, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind('dev/log')
with open('syslog', 'wb', buffering=0) as out:
    while True:
        out.write(s.recv(65536).rstrip(b'\0\n') + b'\n')
PY
start timeout 120 python3 syslogd.py
eventually test -S dev/log || fail "no syslog"
chmod 666 dev/log
cat >inside.sh <<'SH'
set -e
mount --make-rprivate /
for node in null zero random urandom; do mount --bind /dev/$node dev/$node; done
mount --rbind dev /dev
exec timeout 60 "$@"
SH
ask() { # COMMAND
    python3 -c 'import socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
s.sendall(sys.argv[2].encode() + b"\n")
while s.recv(9999):
    pass' "$scratch/w/sock" "$1"
}
sent() { grep -qE -e "$1" syslog; }
serve() { # PROGRAM WHO
    : >syslog
    start unshare -m sh inside.sh "$1" -c "$scratch/w/conf"
    eventually sent 'Self checking every' || fail "$2 says nothing to syslog: $(cat "$out" "$err")"
    eventually test -S sock || fail "$2 has no socket"
    ask "nSCAN $scratch/w/files/bad"
    ask "nSCAN $scratch/w/files/none"
    eventually sent 'path check failure' || fail "$2: no warning"
    ask nSHUTDOWN
    finish "$pid"
    eventually sent '--- Stopped' || fail "$2: no end"
    # <PRIORITY>Nov 24 10:00:00 clamd[PID]: message
    sed -nE -e "s#^(<[0-9]+>)[A-Z][a-z]{2} [ 0-9]{2} [0-9:]{8} (.*\\[)[0-9]+(\\]: )#\\1 \\2PID\\3#" \
        -e 's/( at ).{24}$/\1TIME/' -e '/w.files|clamd daemon|---|Loaded/p' syslog >"$2.lines"
}
cat >conf <<CONF
LogSyslog yes
LogTime yes
LocalSocket $scratch/w/sock
DatabaseDirectory $db
Foreground yes
CONF
serve "$watch" ours
# LOG_LOCAL6 is 22: 182 info, 180 warning.
grep -qxF "<182> clamd[PID]: $scratch/w/files/bad: $eicar_found" ours.lines || fail "$(cat syslog)"
grep -qxF "<180> clamd[PID]: File path check failure on: $scratch/w/files/none" ours.lines || fail "$(cat syslog)"
! grep -qE 'WARNING|ERROR| -> ' syslog || fail "times or severities in the line: $(cat syslog)"
if command -v /usr/sbin/clamd >/dev/null; then
    serve /usr/sbin/clamd clamd
    expect_same clamd.lines ours.lines "what syslog gets"
fi
# Another facility: LOG_DAEMON is 3.
echo 'LogFacility LOG_DAEMON' >>conf
serve "$watch" ours
grep -qxF "<30> clamd[PID]: $scratch/w/files/bad: $eicar_found" ours.lines || fail "$(cat syslog)"
