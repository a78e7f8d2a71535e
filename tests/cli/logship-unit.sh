#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The systemd unit is installed with its program's path, has nothing that systemd complains about and
# leaves little to whoever takes the service over; readiness, life, reload and stop are told by
# sd_notify; the state is where systemd says.
# shellcheck source=tests/support/logship.sh
. "$(dirname "$0")/../support/logship.sh"
need make /usr/bin/python3
root=$scratch/root
run make -s -C "$repo" install BUILD="$BUILD" DESTDIR="" PREFIX="$root"
expect_status 0
unit=$root/lib/systemd/system/hostav-logship.service
# shellcheck disable=SC2016 # systemd's variable
grep -qxF "ExecStart=$root/bin/logship --state-dir=%S/logship \$LOGSHIP_OPTIONS" "$unit" ||
    fail "ExecStart: $(grep ExecStart "$unit")"
# shellcheck disable=SC2016 # systemd's variable
for line in Type=notify 'ExecReload=/bin/kill -HUP $MAINPID' StateDirectory=logship DynamicUser=yes \
    RestartPreventExitStatus=2; do
    grep -qxF "$line" "$unit" || fail "no $line"
done
if command -v systemd-analyze >/dev/null; then
    run systemd-analyze verify --man=no "$unit"
    expect_status 0
    [[ ! -s $err && ! -s $out ]] || fail "systemd-analyze complains"
    if systemd-analyze --help | grep -q -e --offline; then # since systemd 250
        run systemd-analyze security --offline=yes --threshold=20 --no-pager "$unit"
        expect_status 0
    fi
fi

# What the service's first start does where nothing is configured is said and not tried again.
if [[ ! -e /etc/hostav/awslogs.conf && ! -e /etc/awslogs/awslogs.conf && ! -e /var/awslogs/etc/awslogs.conf ]]; then
    run timeout 60 "$logship" --state-dir="$state"
    expect_one_error 2 'there is none'
fi

cat >notified.py <<'PY'
import os, signal, socket, subprocess, sys, time
scratch = sys.argv[1]
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(scratch + '/notify')
s.settimeout(30)
env = dict(os.environ, NOTIFY_SOCKET=scratch + '/notify', WATCHDOG_USEC='400000',
           STATE_DIRECTORY=scratch + '/service')
p = subprocess.Popen(sys.argv[2:], env=env)
def await_all(*wanted):
    seen, end = '', time.monotonic() + 40
    while not all(seen.count(text) >= count for text, count in wanted):
        if time.monotonic() > end:
            sys.exit(f'of {wanted} only: {seen}')
        seen += s.recv(4096).decode() + '\n'
try:
    await_all(('READY=1', 1), ('WATCHDOG=1', 3), ('STATUS=1 files', 1))
    p.send_signal(signal.SIGHUP)
    await_all(('RELOADING=1', 1), ('READY=1', 1), ('WATCHDOG=1', 3))
    p.send_signal(signal.SIGTERM)
    await_all(('STOPPING=1', 1))
    sys.exit(p.wait(60))
finally:
    p.kill()
PY
mkdir -m 700 "$scratch/service"
echo 'a line' >"$log"
run timeout 200 /usr/bin/python3 notified.py "$scratch" \
    "$logship" --group G --stream S --to stdout "$log"
expect_status 0
expect_count 1 '"message":"a line"'
expect_error 'read again'
[[ -s $scratch/service/state.mdb ]] || fail "the state is not in STATE_DIRECTORY"
run "$logship" --status --state-dir "$scratch/service" --to stdout
expect_status 0
expect_match 'clamd\.scan: offset 7 of 7, behind 0 bytes'
