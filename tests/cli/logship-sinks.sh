#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The same promises whatever the sink is: stdout, an OpenTelemetry collector, syslog over TLS. What
# one sink has got does not count for another.
# shellcheck source=tests/support/logship.sh
. "$(dirname "$0")/../support/logship.sh"
start_aws_server
configure </dev/null
sed -i 's/{instance_id}/host/' "$conf"
{ found_line /a 60; found_line '/b "quoted" \ ]' 30; } >"$log"
to() { run timeout 60 "$logship" -c "$conf" --state-dir "$state" --once --to "$@"; }

# stdout: what would be sent, to the letter.
to stdout
expect_status 0
expect_count 2 '^\{"logGroupName":"clamav","logStreamName":"host","timestamp":[0-9]{13},"message":"'
/usr/bin/python3 -c 'import json, sys
for line in sys.stdin: print(json.loads(line)["message"])' <"$out" >"$scratch/got"
expect_same "$log" "$scratch/got" "stdout's messages"
to stdout
[[ ! -s $out ]] || fail "stdout got lines twice"
# A dry run remembers nothing.
run timeout 60 "$logship" -c "$conf" --state-dir "$state" --once --dry-run
expect_count 2 'FOUND"}$'
run timeout 60 "$logship" -c "$conf" --state-dir "$state" --once --dry-run
expect_count 2 'FOUND"}$'

# OTLP, through errors that may be repeated.
fault '{"op": "otlp", "fault": "status", "code": 503, "count": 2}' \
    '{"op": "otlp", "fault": "status", "code": 429, "count": 1}'
to "otlp=$aws_url"
expect_status 0
faults_are_over || fail "the faults have not struck"
stored_otlp | sed 's/\\\\/\\/g' >"$scratch/got"
expect_same "$log" "$scratch/got" "OTLP's messages"
expect_no_violations
printf 'header\n' | OTEL_EXPORTER_OTLP_HEADERS='authorization=Bearer%20x' run timeout 60 "$logship" --group G \
    --stream S --to "otlp=$aws_url/v1/logs"
expect_status 0
printf 'x\n' | run timeout 60 "$logship" --group G --stream S --to "otlp=$aws_url/nowhere" --timeout 1 -q
expect_one_error 1 'OTLP: HTTP status 404'

# Syslog: verified, framed, every message acknowledged or sent again.
make_test_ca syslog
start_syslog_receiver --tls "$scratch/syslog.pem" "$scratch/syslog.key"
to "syslog=127.0.0.1:$syslog_port" --ca-bundle "$scratch/syslog-ca.pem"
expect_status 0
stored_syslog | sed 's/\\\\/\\/g' >"$scratch/got"
expect_same "$log" "$scratch/got" "syslog's messages"
expect_no_syslog_violations
syslog_control '{"close_after": 40}'
seq 1 300 | run timeout 60 "$logship" --group G --stream S --batch-count 20 --to "syslog=127.0.0.1:$syslog_port" \
    --ca-bundle "$scratch/syslog-ca.pem"
expect_status 0
stored_syslog | grep -xE '[0-9]+' | sort -n | uniq >"$scratch/got"
seq 1 300 >"$scratch/wanted"
expect_same "$scratch/wanted" "$scratch/got" "syslog's numbers"
expect_no_syslog_violations
printf 'x\n' | run timeout 60 "$logship" --group G --stream S --to "syslog=127.0.0.1:$syslog_port" --timeout 1 -q
expect_one_error 1 'certificate'
