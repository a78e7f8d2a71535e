#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A resident: what --status says of it, SIGHUP, a clean stop that repeats nothing, its own messages
# stay out of what it ships, --check-config with a sample.
# shellcheck source=tests/support/logship.sh
. "$(dirname "$0")/../support/logship.sh"
start_aws_server
configure </dev/null
sed -i 's/{instance_id}/host/' "$conf"
status() { run timeout 20 "$logship" -c "$conf" --state-dir "$state" --status "$@"; }
status
expect_one_error 3 'state'

found_line /a >"$log"
start_ship
eventually has_stored clamav host 1 || fail "nothing is shipped"
caught_up() { status; grep -q "offset $(stat -c %s "$log") of $(stat -c %s "$log"), behind 0 bytes, 0 seconds" "$out"; }
eventually caught_up || fail "status says otherwise"
expect_status 0
expect_match '^\[clamav\]$'
status --json
expect_match "^\{\"stream\":\"clamav\",\"file\":\"$log\",\"offset\":$(stat -c %s "$log"),"

# It fails: status says why, by its exit status too; behind is what is not delivered.
fault '{"op": "PutLogEvents", "fault": "denied", "count": 0}'
found_line /b >>"$log"
failing() { status; [[ $status -eq 1 ]]; }
eventually failing || fail "status is good"
expect_match 'last error: .*logs:PutLogEvents'
expect_match "behind $(tail -n 1 "$log" | wc -c) bytes"
no_faults

# SIGHUP: a bad configuration changes nothing, a good one does, and nothing comes twice.
cp "$conf" "$scratch/good.conf"
echo 'colour = red' >>"$conf"
kill -HUP "$pid"
eventually grep -q 'colour.*stays in effect' "$err" || fail "nothing is said of the bad configuration"
log2=$scratch/second.log
echo 'in the second file' >"$log2"
{ cat "$scratch/good.conf"; printf '[second]\nfile = %s\nlog_group_name = G\nlog_stream_name = S\n' "$log2"; } >"$conf"
kill -HUP "$pid"
eventually has_stored G S 1 || fail "the new section is not shipped"
eventually has_stored clamav host 2 || fail "what failed did not come"
[[ $(stored_count clamav host) -eq 2 ]] || fail "lines came twice"
# Stopped while lines wait for their batch: they are delivered first.
found_line /c >>"$log"
stop_ship
expect_status 0
[[ $(stored_count clamav host) -eq 3 ]] || fail "the last line is missing, or twice"
ship_once
[[ $(stored_count clamav host) -eq 3 ]] || fail "a clean stop repeats lines"
expect_no_violations

# Where its own messages go into a file that it should ship.
log3=$scratch/own.log
printf '[own]\nfile = %s\nlog_group_name = G\nlog_stream_name = own\n' "$log3" >"$scratch/own.conf"
fault '{"op": "PutLogEvents", "fault": "internal", "count": 2}'
timeout 60 "$logship" --endpoint-url "$aws_url" -c "$scratch/own.conf" --state-dir "$scratch/own" --once >>"$log3" 2>&1 || true
[[ $(stored_count G own) -eq 0 ]] || fail "it ships its own messages"

# --check-config prints what is in effect, which reads as the same, and what it makes of a line.
run "$logship" -c "$conf" --check-config --sample "$(found_line /x)"
expect_status 0
expect_match 'datetime_format = %a %b %d %H:%M:%S %Y'
expect_match '^# [0-9-]+T[0-9:.]+Z .*/x: Eicar-Signature FOUND$'
run "$logship" -c "$conf" --check-config
cp "$out" "$scratch/first"
cp "$scratch/first" "$conf"
run "$logship" -c "$conf" --check-config
diff <(grep -v '^#' "$scratch/first") <(grep -v '^#' "$out") || fail "what it prints reads as something else"
