#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What cannot be pushed is said with its count; in the middle of a pipe that does not hide the
# status of what comes before.
# shellcheck source=tests/support/metric-push.sh
. "$(dirname "$0")/../support/metric-push.sh"
start_aws_server
export STATE_DIRECTORY=/dev/null/none # nothing can be kept
found=$'/a: X FOUND\n/b: OK\n/c: X FOUND\n'
not_pushed='VIRUSFOUND 2 at [0-9-]{10}T[0-9:]{8}Z not pushed: '

# No credentials, no permission: at once, one line.
unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
printf %s "$found" | push -q --period 86400
expect_one_error 1 "$not_pushed.*no credentials"
export AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE
export AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY
fault '{"op": "PutMetricData", "fault": "denied", "count": 1}'
printf %s "$found" | push -q --period 86400
expect_one_error 1 "$not_pushed.*AccessDenied"

# Nothing answers: not for ever.
printf %s "$found" | run timeout 60 "$metric_push" --endpoint-url http://127.0.0.1:1 -q --timeout 1 --period 86400
expect_one_error 1 "$not_pushed"

# --tee: all of it comes out, the status is that of copying.
printf %s "$found" >"$scratch/wanted"
printf %s "$found" | run timeout 60 "$metric_push" --endpoint-url http://127.0.0.1:1 -q --timeout 1 --tee
expect_status 0
expect_same "$scratch/wanted" "$out" "lines"
expect_error ' not pushed: '
random 1 2000000 >"$scratch/bytes"
push --tee <"$scratch/bytes"
expect_status 0
expect_same "$scratch/bytes" "$out" "bytes"
make_eicar bad
set +e -o pipefail
"$SCAN" -d "$db" --no-summary bad | "$metric_push" --endpoint-url http://127.0.0.1:1 -q --timeout 1 --tee 2>"$err" | grep -q FOUND
status=$?
set -e +o pipefail
expect_status 1
expect_error 'VIRUSFOUND 1'

# A reader that has gone: counting goes on. A full disk is a failure.
yes '/a: X FOUND' | head -n 200000 >"$scratch/many"
"$metric_push" --endpoint-url "$aws_url" --metric Gone --tee <"$scratch/many" 2>"$err" | head -n 1 >"$out"
expect_line '/a: X FOUND'
expect_silent
expect_pushed clamav/found Gone 200000
if [[ -w /dev/full ]]; then
    status=0
    printf %s "$found" | "$metric_push" --endpoint-url "$aws_url" --metric Full --tee >/dev/full 2>"$err" || status=$?
    expect_status 1
    expect_error '^metric-push: .*stdout: No space left'
    expect_pushed clamav/found Full 2
fi
