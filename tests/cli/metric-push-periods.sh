#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# While its input stays open, a period's count is pushed when the period is over, a signal ends it
# with all that was read pushed, and times in lines count.
# shellcheck source=tests/support/metric-push.sh
. "$(dirname "$0")/../support/metric-push.sh"
start_aws_server

mkfifo "$scratch/feed"
exec 9<>"$scratch/feed"
start "$metric_push" --endpoint-url "$aws_url" --period 1 <"$scratch/feed"
printf '/a: X FOUND\n/b: X FOUND\nhalf: X FO' >&9
has_sum() { [[ $(pushed "$1" "$2") = "$3 "* ]]; }
eventually has_sum clamav/found VIRUSFOUND 2 || fail "nothing is pushed while the input is open"
data() { wc -l <"$aws_dir/metrics.jsonl"; }
before=$(data)
grew() { [[ $(data) -gt $((before + 1)) ]]; }
eventually grew || fail "no default comes"
printf 'UND\n' >&9
eventually has_sum clamav/found VIRUSFOUND 3 || fail "a line in two pieces is not counted"
kill -TERM "$pid"
finish "$pid"
exec 9>&-
expect_status 0
expect_pushed clamav/found VIRUSFOUND 3

# Each line at its own time.
now=$(date +%s)
for ago in 7200 7190 3600; do
    printf '%s -> /a: X FOUND\n' "$(date -d "@$((now - ago))" '+%a %b %e %H:%M:%S %Y')"
done | push --metric Dated --datetime-format '%a %b %d %H:%M:%S %Y' --period 3600
expect_pushed clamav/found Dated 3
/usr/bin/python3 - "$aws_dir/metrics.jsonl" "$now" <<'E2' || fail "wrong time stamps"
import json, sys
now = int(sys.argv[2])
wanted = {(now - ago) // 3600 * 3600 for ago in (7200, 7190, 3600)}
got = {d['timestamp'] for d in map(json.loads, open(sys.argv[1])) if d['name'] == 'Dated'}
sys.exit(not wanted <= got)
E2
expect_no_violations
