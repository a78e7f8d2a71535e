#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Counts as OpenTelemetry's metrics, which a collector checks member by member: a sum, a histogram of
# values; failures of the collector are tried again, refused data points are said.
# shellcheck source=tests/support/metric-push.sh
. "$(dirname "$0")/../support/metric-push.sh"
start_aws_server
collect() { run timeout 60 "$metric_push" --to "otlp=$aws_url" --period 3600 "$@"; }
has_point() { # PYTHON-EXPRESSION about p, a data point
    stored_otlp_metrics | /usr/bin/python3 -c 'import json, sys
print([p for p in map(json.loads, sys.stdin) if eval(sys.argv[1])])
' "$1" | grep -q time || fail "no point with $1: $(stored_otlp_metrics)"
}

printf '/a: X FOUND\n/b: X FOUND\n' | collect --dimension 'Host={hostname}'
expect_status 0
expect_silent
has_point "p['name'] == 'VIRUSFOUND' and p['value'] == 2 and p['unit'] == '1' and p['kind'] == 'sum'"
has_point "p['attributes'] == {'Host': '$(hostname)'} and p['resource']['service.name'] == 'clamav/found'"
has_point "p['time'] - p['start'] == 3600 * 10**9 and p['start'] % (3600 * 10**9) == 0"
printf 'a 5\nb 1.5\nc 5\n' | collect --metric Size --unit Bytes --pattern '[who, size]' --value '$size'
expect_status 0
has_point "p['kind'] == 'histogram' and p['count'] == 3 and p['sum'] == 11.5 and p['unit'] == 'By'"
has_point "p['name'] == 'Size' and p['min'] == 1.5 and p['max'] == 5"

fault '{"op": "otlp-metrics", "fault": "throttle-429", "retry_after": 1}' \
    '{"op": "otlp-metrics", "fault": "unavailable", "retry_after": 1}'
printf '/a: X FOUND\n' | collect --metric Again
expect_status 0
has_point "p['name'] == 'Again' and p['value'] == 1"
fault '{"op": "otlp-metrics", "fault": "partial-success", "rejected": 1, "message": "too hot"}'
printf '/a: X FOUND\n' | collect --metric Refused
expect_status 0
expect_error 'rejected 1 of 1 data points: too hot'
# Kept, and pushed to the same collector only.
printf '/a: X FOUND\n' | run timeout 60 "$metric_push" --to otlp=http://127.0.0.1:1 --timeout 1 -q --metric Kept
expect_one_error 1 'Kept 1 at .* kept in '
push --metric Other </dev/null
expect_pushed clamav/found Kept 0
printf '/a: X FOUND\n' | collect --metric New
expect_status 0
has_point "p['name'] == 'Kept' and p['value'] == 1"
has_point "p['name'] == 'New' and p['value'] == 1"
expect_no_violations
