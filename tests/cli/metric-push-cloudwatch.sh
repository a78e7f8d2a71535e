#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What a scan finds becomes a metric of CloudWatch, within its rules; 0 when nothing is found; values
# from lines; through failures of the service.
# shellcheck source=tests/support/metric-push.sh
. "$(dirname "$0")/../support/metric-push.sh"
start_aws_server

make_eicar bad worse
echo fine >good
"$SCAN" -d "$db" -r -i . | push
expect_status 0
expect_silent
expect_pushed clamav/found VIRUSFOUND 2
grep -q '"unit": "Count"' "$aws_dir/metrics.jsonl" || fail "the unit is not Count"
printf '/FOUND/a: OK\n' | push --metric None
expect_pushed clamav/found None 0
push --metric Empty --default 7 </dev/null
expect_pushed clamav/found Empty 7

# Dimensions with this machine's name; the value from a field, each kept.
printf 'a 500 10\nb 200 20\nc 503 10\nd 500 many\n' |
    push --namespace web --metric Bytes --unit Bytes --pattern '[who, status = 5*, size]' --value '$size' \
        --dimension 'Host={hostname}' --high-resolution --period 86400
expect_status 0
expect_error '1 matching lines have no number'
[[ $(pushed web Bytes) = '20 2' ]] || fail "not 10 twice: $(pushed web Bytes)"
grep -q "\"dimensions\": {\"Host\": \"$(hostname)\"}" "$aws_dir/metrics.jsonl" || fail "no host's name"

# The same file opened many times.
printf '/a: X FOUND\n/a: X FOUND\n/b: X FOUND' | push --metric Unique --unique --period 3600
expect_pushed clamav/found Unique 2

# Failures that end are waited for.
fault '{"op": "PutMetricData", "fault": "throttle", "count": 2}'
printf '/a: X FOUND\n' | push --metric Retried
expect_status 0
expect_pushed clamav/found Retried 1
faults_are_over || fail "the faults have not struck"
expect_no_violations
