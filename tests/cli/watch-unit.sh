#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The systemd unit is installed with its program's path and has nothing that systemd complains about;
# readiness is told by sd_notify.
set -eu
. "$(dirname "$0")/../support/lib.sh"
# shellcheck source=tests/support/units.sh
. "$support/units.sh"
unit=$units/hostav-onaccess-watch.service
grep -q "^ExecStart=$root/bin/onaccess-watch --foreground\$" "$unit" || fail "ExecStart: $(grep ExecStart "$unit")"
for line in Type=notify OOMPolicy=continue; do
    grep -qx "$line" "$unit" || fail "no $line"
done
! grep -q '^PrivateTmp' "$unit" || fail "PrivateTmp hides a socket below /tmp"
expect_sound_unit hostav-onaccess-watch.service

printf 'LocalSocket %s/sock\nDatabaseDirectory %s\n' "$scratch" "$db" >conf
notified -- READY=1 3xWATCHDOG=1 TERM STOPPING=1 -- "$BUILD/onaccess-watch" -c conf
expect_status 0

# Sockets that systemd hands over.
cat >activate.py <<'PY'
import os, socket, subprocess, sys, time
path = sys.argv[1] + '/handed'
s = socket.socket(socket.AF_UNIX)
s.bind(path)
s.listen(5)
os.dup2(s.fileno(), 3)
os.set_inheritable(3, True)
pid = os.fork()
if pid == 0:
    os.environ['LISTEN_PID'] = str(os.getpid())
    os.environ['LISTEN_FDS'] = '1'
    os.execv(sys.argv[2], sys.argv[2:])
c = socket.socket(socket.AF_UNIX)
c.settimeout(20)
c.connect(path)
c.sendall(b'zPING\0')
answer = c.recv(10)
os.kill(pid, 15)
os.waitpid(pid, 0)
sys.exit(answer != b'PONG\0' or not os.path.exists(path))
PY
run timeout 60 python3 activate.py "$scratch" "$BUILD/onaccess-watch" -c conf
expect_status 0
expect_match 'Received 1 file descriptor\(s\) from systemd\.'
