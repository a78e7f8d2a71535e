#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Standard input: shipped to its end, last half line too; a slow pipe is not one request a line; who
# cannot deliver says so by the exit status; a spool keeps what could not be delivered.
# shellcheck source=tests/support/logship.sh
. "$(dirname "$0")/../support/logship.sh"
start_aws_server
pipe() { ship --group G --stream S; }

printf 'a\nb\n' | pipe
expect_status 0
expect_quiet
expect_stored G S a b
printf 'c\n  belongs to c\n\n   \nhalf' | pipe
expect_status 0
expect_stored G S a b 'c\n  belongs to c' half
pipe </dev/null
expect_status 0
expect_stored G S a b 'c\n  belongs to c' half
expect_no_violations

# scan in front of it, with nothing configured but the group.
make_eicar eicar
"$SCAN" -d "$db" --no-summary -i "$PWD" | ship --group clamav --stream host
expect_stored clamav host "$PWD/eicar: $eicar_found"

# Many lines, every byte of them.
random 1 3000000 | base64 -w 90 >"$scratch/lines"
ship --group G --stream many <"$scratch/lines"
expect_status 0
stored G many >"$scratch/got"
expect_same "$scratch/lines" "$scratch/got" "lines"

# Line after line in one batch, not one request each.
before=$(aws_requests PutLogEvents)
for i in 1 2 3 4 5 6; do echo "slow $i"; sleep 0.2; done | ship --group G --stream slow
expect_stored G slow 'slow 1' 'slow 2' 'slow 3' 'slow 4' 'slow 5' 'slow 6'
[[ $(aws_requests PutLogEvents) -le $((before + 3)) ]] || fail "too many requests"

# Nothing can be delivered: one line, status 1, an end.
fault '{"op": "PutLogEvents", "fault": "internal", "count": 1000}'
printf 'lost\n' | ship --group G --stream lost --timeout 2 -q
expect_one_error 1 'not everything is delivered'
no_faults

# A spool keeps it for the next run.
fault '{"op": "PutLogEvents", "fault": "internal", "count": 1000}'
printf 'kept 1\nkept 2\n' | ship --group G --stream spool --timeout 1 --spool "$scratch/spool" -q
expect_status 1
no_faults
printf 'kept 3\n' | ship --group G --stream spool --spool "$scratch/spool"
expect_status 0
expect_stored G spool 'kept 1' 'kept 2' 'kept 3'
[[ $(stat -c %a "$scratch/spool") = 700 ]] || fail "the spool is not private"

# Also when it is killed while it cannot deliver.
fault '{"op": "PutLogEvents", "fault": "throttle", "count": 100000}'
mkfifo "$scratch/feed"
exec 9<>"$scratch/feed"
start "$logship" --endpoint-url "$aws_url" --group G --stream killed --spool "$scratch/spool2" <"$scratch/feed"
for i in {1..500}; do echo "line $i"; done >&9
spooled() { [[ $(cat "$scratch/spool2"/*.spool 2>/dev/null | grep -ac 'line 500') -eq 1 ]]; }
eventually spooled || fail "nothing is spooled"
kill -KILL "$pid"
finish "$pid"
exec 9>&-
no_faults
ship --group G --stream killed --spool "$scratch/spool2" </dev/null
expect_status 0
for i in {1..500}; do echo "line $i"; done >"$scratch/wanted"
stored G killed >"$scratch/got"
expect_same "$scratch/wanted" "$scratch/got" "spooled lines"

# The writer waits where nothing can be delivered and memory is full; nothing is lost.
fault '{"op": "PutLogEvents", "fault": "unavailable", "count": 4}'
ship --group G --stream waits <"$scratch/lines"
expect_status 0
stored G waits >"$scratch/got"
expect_same "$scratch/lines" "$scratch/got" "lines after failures"
expect_no_violations
