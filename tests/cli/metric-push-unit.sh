#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The systemd units of metric-push are installed with its path, have nothing that systemd complains
# about and leave little to whoever takes them over; the service tells systemd what it does.
# shellcheck source=tests/support/metric-push.sh
. "$(dirname "$0")/../support/metric-push.sh"
need make /usr/bin/python3
root=$scratch/root
run make -s -C "$repo" install BUILD="$BUILD" DESTDIR="" PREFIX="$root"
expect_status 0
units=$root/lib/systemd/system
for unit in hostav-metric-push.service hostav-metric-push-health.service; do
    grep -qE "^ExecStart=$root/bin/metric-push " "$units/$unit" || fail "ExecStart: $(grep ExecStart "$units/$unit")"
    if command -v systemd-analyze >/dev/null; then
        run systemd-analyze verify --man=no "$units/$unit"
        expect_status 0
        [[ ! -s $err && ! -s $out ]] || fail "systemd-analyze complains of $unit"
        if systemd-analyze --help | grep -q -e --offline; then # since systemd 250
            run systemd-analyze security --offline=yes --threshold=20 --no-pager "$units/$unit"
            expect_status 0
        fi
    fi
done
[[ -e $units/hostav-metric-push-health.timer ]] || fail "no timer"
if command -v systemd-analyze >/dev/null; then
    run systemd-analyze verify --man=no "$units/hostav-metric-push-health.timer"
    expect_status 0
    [[ ! -s $err && ! -s $out ]] || fail "systemd-analyze complains of the timer"
fi
grep -qE 'OnCalendar=' "$units/hostav-metric-push-health.timer" || fail "it never comes"

# What they call is understood.
start_aws_server
provision health --state-dir "$scratch/h" --without engine --scan-report /nonexistent --database-dir "$db"
expect_status 0

cat >notified.py <<'PY'
import os, signal, socket, subprocess, sys, time
scratch = sys.argv[1]
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(scratch + '/notify')
s.settimeout(30)
p = subprocess.Popen(sys.argv[2:], env=dict(os.environ, NOTIFY_SOCKET=scratch + '/notify', WATCHDOG_USEC='400000'))
def await_all(*wanted):
    seen, end = '', time.monotonic() + 40
    while not all(seen.count(text) >= count for text, count in wanted):
        if time.monotonic() > end:
            sys.exit(f'of {wanted} only: {seen}')
        seen += s.recv(4096).decode() + '\n'
try:
    await_all(('READY=1', 1), ('WATCHDOG=1', 3))
    p.send_signal(signal.SIGTERM)
    await_all(('STOPPING=1', 1))
    sys.exit(p.wait(60))
finally:
    p.kill()
PY
found 3 >"$log"
run timeout 200 /usr/bin/python3 notified.py "$scratch" "$metric_push" --endpoint-url "$aws_url" --state-dir "$scratch/s" \
    --initial-position start_of_file --file "$log"
expect_status 0
expect_pushed clamav/found VIRUSFOUND 3
