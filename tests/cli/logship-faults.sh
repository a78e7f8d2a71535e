#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Whatever the service does, every line arrives, in order; once, unless it was accepted without an
# answer; and what needs somebody is said in one clear line.
# shellcheck source=tests/support/logship.sh
. "$(dirname "$0")/../support/logship.sh"
start_aws_server
for i in {1..200}; do echo "line $i"; done >"$scratch/lines"

# FAULT [MOST-REPEATED]: shipped through it, each line at least once, at most so many of them again.
through() {
    local name=$1 most=${2:-0} stream=${1//[^a-z0-9]/-}
    [[ $name = '"'* ]] || name="\"op\": \"PutLogEvents\", \"fault\": \"$name\", \"count\": 2"
    fault "{$name}"
    ship --group faults --stream "$stream" --batch-count 100 <"$scratch/lines"
    [[ $status -eq 0 ]] || fail "$1: status $status: $(cat "$err")"
    faults_are_over || fail "$1: the fault has not struck"
    no_faults
    stored faults "$stream" >"$scratch/got"
    awk '!seen[$0]++' "$scratch/got" >"$scratch/once"
    expect_same "$scratch/lines" "$scratch/once" "$1: lines"
    [[ $(wc -l <"$scratch/got") -le $((200 + most)) ]] || fail "$1: lines came twice"
    expect_no_violations
}
for name in throttle throttle-429 internal unavailable aborted sequence-token already-accepted \
    unrecognized-client reset-before reset captive; do
    case $name in
    already-accepted) ;;
    *) through "$name" ;;
    esac
done
# It may have been accepted: then it comes again, once for each.
through reset-after 200
through malformed-json
through '"op": "PutLogEvents", "fault": "slow", "seconds": 2, "count": 1'
through '"op": "PutLogEvents", "fault": "trickle", "rate": 100, "count": 1'
through '"op": "PutLogEvents", "fault": "unavailable", "retry_after": 1, "count": 1'
for code in 500 502 504; do
    through "\"op\": \"PutLogEvents\", \"fault\": \"status\", \"code\": $code, \"count\": 1"
done

# What says that it has it already has it.
printf 'first\n' | ship --group faults --stream already
fault '{"op": "PutLogEvents", "fault": "already-accepted"}'
printf 'second\n' | ship --group faults --stream already
expect_status 0
# (The stand-in has taken the batch that it complains of.)
expect_stored faults already first second

# A clock that is wrong, in both directions, also so that a session notices in the middle.
for offset in 1000 -1000; do
    aws_control "{\"clock_offset\": $offset}" >/dev/null
    ship --group faults --stream "clock$offset" <"$scratch/lines"
    expect_status 0
    [[ $(stored_count faults "clock$offset") -eq 200 ]] || fail "clock $offset: not all"
done
aws_control '{"clock_offset": 0}' >/dev/null
# The requests that told us so were refused for their time, and for nothing else.
: >"$aws_dir/violations"

# Not one bad event takes 199 good ones with it.
fault '{"op": "PutLogEvents", "fault": "invalid-parameter", "text": "line 77", "count": 0}'
configure <<'CONF'
multi_line_start_pattern = ^
CONF
sed -i -e '/datetime_format/d' -e 's/{instance_id}/poison/' "$conf"
cp "$scratch/lines" "$log"
ship_once
expect_status 0
no_faults
[[ $(stored_count clamav poison) -eq 199 ]] || fail "$(stored_count clamav poison) events, not 199"
grep -q '"message":"line 77"' "$state/rejected.jsonl" || fail "the bad event is not kept"
[[ $(wc -l <"$state/rejected.jsonl") -eq 1 ]] || fail "good events are kept as rejected"

# What the service says is too old or too new is kept, not lost.
fault '{"op": "PutLogEvents", "fault": "rejected-info", "old": 2, "new": 8}'
for i in {1..10}; do echo "reject $i"; done >>"$log"
touch -d '1 minute ago' "$log" # its last line is complete, so that all are one batch
ship_once
expect_status 0
expect_error 'were rejected'
[[ $(grep -c '"message":"reject' "$state/rejected.jsonl") -eq 4 ]] || fail "$(cat "$state/rejected.jsonl")"

# Somebody has to do something: one line that says what, and an end.
denied() { # RULE REGEX
    fault "$1"
    printf 'x\n' | ship --group faults --stream denied --timeout 1 -q
    expect_status 1
    expect_error "$2"
    no_faults
}
denied '{"op": "PutLogEvents", "fault": "denied", "count": 0}' 'logs:PutLogEvents'
denied '{"op": "CreateLogStream", "fault": "denied", "count": 0}' 'logs:CreateLogStream'
printf 'x\n' | AWS_SECRET_ACCESS_KEY=wrong ship --group faults --stream denied --timeout 1 -q
expect_one_error 1 'signature|secret|credentials'
: >"$aws_dir/violations"
(
    unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
    printf 'x\n' | ship --group faults --stream denied --timeout 1 -q
    expect_one_error 1 'credentials'
)
(
    unset AWS_REGION AWS_DEFAULT_REGION
    printf 'x\n' | run timeout 60 "$logship" --group faults --stream denied --timeout 1 -q
    expect_one_error 1 'region'
)
