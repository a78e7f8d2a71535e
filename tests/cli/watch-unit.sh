#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The systemd unit is installed with its program's path and has nothing that systemd complains about;
# readiness is told by sd_notify.
set -eu
. "$(dirname "$0")/../support/lib.sh"
need make python3
root=$scratch/root
run make -s -C "$repo" install BUILD="$BUILD" DESTDIR="" PREFIX="$root"
expect_status 0
unit=$root/lib/systemd/system/hostav-onaccess-watch.service
grep -q "^ExecStart=$root/bin/onaccess-watch --foreground\$" "$unit" || fail "ExecStart: $(grep ExecStart "$unit")"
for line in Type=notify OOMPolicy=continue; do
    grep -qx "$line" "$unit" || fail "no $line"
done
! grep -q '^PrivateTmp' "$unit" || fail "PrivateTmp hides a socket below /tmp"
if command -v systemd-analyze >/dev/null; then
    run systemd-analyze verify --man=no "$unit"
    expect_status 0
    [[ ! -s $err && ! -s $out ]] || fail "systemd-analyze complains"
fi

printf 'LocalSocket %s/sock\nDatabaseDirectory %s\n' "$scratch" "$db" >conf
cat >notified.py <<'PY'
import os, socket, subprocess, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1] + '/notify')
s.settimeout(20)
env = dict(os.environ, NOTIFY_SOCKET=sys.argv[1] + '/notify', WATCHDOG_USEC='400000')
p = subprocess.Popen(['timeout', '40', *sys.argv[2:]], env=env, stdout=subprocess.DEVNULL)
seen = ''
while not ('READY=1' in seen and seen.count('WATCHDOG=1') >= 3):
    seen += s.recv(4096).decode() + '\n'
p.terminate()
while 'STOPPING=1' not in seen:
    seen += s.recv(4096).decode() + '\n'
sys.exit(p.wait() not in (0, 124, -15))
PY
run timeout 60 python3 notified.py "$scratch" "$BUILD/onaccess-watch" -c conf
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
