#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# metric-push health on a host where all of the suite runs: what each tool says of itself becomes one
# request of data points, with Host as the presets of alarms have it; what is silent is no data point.
# shellcheck source=tests/support/metric-push.sh
. "$(dirname "$0")/../support/metric-push.sh"
# shellcheck source=tests/support/watch.sh
. "$support/watch.sh"
need_watch
start_aws_server
reports=$scratch/fullscan.json
ship_state=$scratch/ship

health() { # OPTION…
    : >"$aws_dir/metrics.jsonl"
    provision health --state-dir "$scratch/health" -c "$conf" --database-dir "$db" --scan-report "$reports" \
        --logship-state "$ship_state" "$@"
}
value() { pushed hostav "$1" | cut -d' ' -f1; }
within() { # METRIC LEAST MOST
    local got
    got=$(value "$1")
    awk -v v="$got" -v l="$2" -v m="$3" 'BEGIN { exit !(v >= l && v <= m) }' || fail "$1 is $got, not $2 to $3"
}
missing() { # METRIC
    [[ $(pushed hostav "$1") = '0 0' ]] || fail "$1 was pushed: $(pushed hostav "$1")"
}

configure <<<'LocalSocketMode 666'
# Before anything runs.
health
expect_status 0
expect_error 'LastScanAge unknown: .*fullscan\.json: No such file'
[[ $(value EngineUp) = 0 && $(pushed hostav EngineUp) = '0 1' ]] || fail "the engine is up"
missing LastScanAge
missing LogBacklog

touch -d '2 hours ago' "$db"/*
"$SCAN" -d "$db" -r --report="$reports" "$scratch/m/home" >/dev/null
start_watch
echo "a line that is shipped" >"$scratch/app.log"
"$BUILD/logship" --endpoint-url "$aws_url" --group G --stream S --state-dir "$ship_state" --once \
    --initial-position start_of_file "$scratch/app.log"
make_eicar "$scratch/m/home/eicar"
health
expect_status 0
expect_silent
[[ $(value EngineUp) = 1 ]] || fail "the engine is down"
within LastScanAge 0 300
within SignatureAge 7200 7800
[[ $(pushed hostav LogBacklog) = '0 1' ]] || fail "a backlog: $(pushed hostav LogBacklog)"
missing OpensDenied # since when?
[[ $(aws_requests PutMetricData) -eq 2 ]] || fail "$(aws_requests PutMetricData) requests for two runs"
grep -q "\"Host\": \"$(hostname)\"" "$aws_dir/metrics.jsonl" || fail "no Host"

# What came since.
denied "$scratch/m/home/eicar"
denied "$scratch/m/home/eicar"
said() { health && [[ $(value OpensDenied) = 2 ]]; }
said || fail "OpensDenied is $(value OpensDenied)"
within OpensAsked 2 1000
health
[[ $(pushed hostav OpensDenied) = '0 1' ]] || fail "counted again: $(pushed hostav OpensDenied)"

# A log that grows and is not shipped.
echo "a line that waits" >>"$scratch/app.log"
health --without scan --without engine
expect_status 0
missing EngineUp
missing LastScanAge

# An engine that has died is down, and what cannot be pushed is said.
kill -KILL "$(main_pid)"
finish "$watcher" || true
health
[[ $(pushed hostav EngineUp) = '0 1' ]] || fail "the engine is up"
fault '{"op": "PutMetricData", "fault": "denied", "count": 0}'
health -q
expect_one_error 1 'not pushed: .*PutMetricData'
no_faults
expect_no_violations

# For the alarms that notice silence.
provision alarm put --preset no-scan
expect_status 0
aws_cli cloudwatch describe-alarms --query 'MetricAlarms[].[Namespace,MetricName,TreatMissingData,Dimensions[0].Value]' --output text
grep -qxF "hostav	LastScanAge	breaching	$(hostname)" "$out" || fail "another alarm: $(cat "$out")"
