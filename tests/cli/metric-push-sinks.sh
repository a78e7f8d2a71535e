#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The same count elsewhere: JSON lines, a file for Prometheus that adds up, StatsD, OpenTelemetry.
# shellcheck source=tests/support/metric-push.sh
. "$(dirname "$0")/../support/metric-push.sh"
need /usr/bin/python3
found=$'/a: X FOUND\n/b: X FOUND\n'
to() { printf %s "$found" | run timeout 60 "$metric_push" --period 86400 --to "$@"; }

to stdout --dimension 'Host=a"b'
expect_status 0
expect_match '^\{"namespace":"clamav/found","metric":"VIRUSFOUND","dimensions":\{"Host":"a\\"b"\},"timestamp":[0-9]+,"unit":"Count","value":2\}$'
printf 'x 5\ny 5\nz 1.5\n' | run "$metric_push" --to stdout --pattern '[a, b]' --value '$b' --period 86400
expect_match '"values":\[1\.5,5\],"counts":\[1,2\]\}$'

for wanted in 2 4; do
    to prometheus=found.prom --dimension 'Host name=a"\b'
    expect_status 0
    grep -qxF "clamav_found_VIRUSFOUND_total{Host_name=\"a\\\"\\\\b\"} $wanted" found.prom ||
        fail "not $wanted: $(cat found.prom)"
done
grep -qxE 'clamav_found_VIRUSFOUND_last_push_timestamp_seconds\{.*\} [0-9]+' found.prom || fail "no time"
[[ $(stat -c %a found.prom) = 644 && $(ls) = found.prom ]] || fail "not only found.prom: $(ls -la)"
to prometheus=nowhere/found.prom --timeout 1 -q
expect_one_error 1 'VIRUSFOUND 2 .*not pushed: nowhere/?: No such file'

cat >"$scratch/receive" <<'E2'
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(('127.0.0.1', 0))
s.settimeout(60)
open(sys.argv[1], 'w').write(str(s.getsockname()[1]) + '\n')
open(sys.argv[2], 'wb').write(s.recv(65536))
E2
/usr/bin/python3 "$scratch/receive" "$scratch/port" "$scratch/datagram" &
started+=("$!")
eventually test -s "$scratch/port" || fail "no receiver"
to "statsd=127.0.0.1:$(cat "$scratch/port")" --dimension Host=web-1
expect_status 0
eventually test -s "$scratch/datagram" || fail "no datagram"
[[ $(cat "$scratch/datagram") = 'clamav_found.VIRUSFOUND:2|c|#Host:web-1' ]] || fail "$(cat "$scratch/datagram")"
