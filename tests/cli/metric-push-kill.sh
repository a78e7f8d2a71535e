#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Killed again and again while a writer is busy and its log is rotated, with a service that fails one
# request in three: no line is lost, and what counts twice are data that were on their way.
# shellcheck source=tests/support/metric-push.sh
. "$(dirname "$0")/../support/metric-push.sh"
need logrotate
start_aws_server --lifetime 300
seconds=8 kills=6

# On its way and accepted, but the answer has not come: once more, as nobody can know.
found 1 >"$log"
push --file "$log" --once --metric Flight # from now on it is followed
found 3 >>"$log"
fault '{"op": "PutMetricData", "fault": "slow", "seconds": 60}'
follow --metric Flight
is_pushed() { [[ $(pushed clamav/found Flight) = "$1 "* ]]; }
eventually is_pushed 4 || fail "$(pushed clamav/found Flight) is pushed"
stop_following KILL
no_faults
push --file "$log" --once --metric Flight
expect_status 0
expect_pushed clamav/found Flight 7
# Counted, and not on its way: never twice.
found 2 >>"$log"
follow --metric Flight --period 86400
is_written() { grep -aq unfinished "$STATE_DIRECTORY/state.mdb"; }
eventually is_written || fail "what is counted is not written down"
stop_following KILL
found 1 >>"$log"
push --file "$log" --once --metric Flight --period 86400
expect_pushed clamav/found Flight 10

log=$scratch/logs/app.log
mkdir "$scratch/logs"
printf '%s {\n rotate 9999\n size 1\n missingok\n nomail\n create\n}\n' "$log" >"$scratch/rotate.conf"
chmod 600 "$scratch/rotate.conf"
echo 'first' >"$log"
count=(--file "$log" --pattern line --metric Lines --state-dir "$scratch/state" --period 1)
push "${count[@]}" --once
fault '{"op": "PutMetricData", "fault": "internal", "every": 3}'
"$support/torture-writer.py" "$log" "$seconds" torture >"$scratch/written" &
writer=$!
while kill -0 "$writer" 2>/dev/null; do
    logrotate -s "$scratch/rotate.state" "$scratch/rotate.conf" || true
    sleep 0.3
done &
rotor=$!
killed=0
while ((killed < kills)); do
    "$metric_push" --endpoint-url "$aws_url" "${count[@]}" >/dev/null 2>>"$err" &
    pid=$!
    started+=("$pid")
    sleep "$(awk -v s=$RANDOM 'BEGIN { srand(s); print 0.5 + rand() * 1.5 }')"
    kill -KILL "$pid"
    wait "$pid" 2>/dev/null || true
    killed=$((killed + 1))
done
wait "$writer" "$rotor" || true
no_faults
push "${count[@]}" --once
expect_status 0
written=$(cat "$scratch/logs"/app.log* | grep -c line)
[[ $written -eq $(grep -oE '[0-9]+' "$scratch/written" | tail -n 1) || $written -gt 1000 ]] || fail "$written lines"
[[ $(ls "$scratch/logs" | wc -l) -gt 5 ]] || fail "nothing was rotated"
/usr/bin/python3 - "$aws_dir/metrics.jsonl" "$written" "$kills" <<'E2' || fail "lines are lost, or counted too often"
import collections, json, sys
data = [d for d in map(json.loads, open(sys.argv[1])) if d['name'] == 'Lines']
written, kills = int(sys.argv[2]), int(sys.argv[3])
pushed = sum(d['Value'] for d in data)
times = collections.Counter((d['timestamp'], d['Value']) for d in data if d['Value'])
repeats = {datum: n - 1 for datum, n in times.items() if n > 1}
most = sum(n * value for (_, value), n in repeats.items())
print(f'{written} written, {pushed:g} pushed, repeated {repeats}')
sys.exit(not (pushed - most <= written <= pushed and (pushed == written or len(repeats) <= 3 * kills)))
E2
expect_no_violations
