#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# alarm put makes an alarm with all that the console offers, presets for hosts' health, and composite
# ones of many hosts; list shows them, delete takes them away.
# shellcheck source=tests/support/metric-push.sh
. "$(dirname "$0")/../support/metric-push.sh"
need_aws_cli
start_aws_server
provision topic put alerts
provision topic put night
alerts=$(topic_arn alerts) night=$(topic_arn night)

all=(--namespace web --metric Latency --dimension Host=web-1 --dimension Site=a --statistic p99.9 --comparison '>='
    --threshold 1.5e3 --period 60 --evaluation-periods 5 --datapoints 3 --treat-missing-data ignore
    --low-samples ignore --unit Milliseconds --alarm-action alerts --alarm-action "$night"
    --ok-action night --insufficient-data-action arn:aws:lambda:eu-west-1:123456789012:function:f
    --description 'too slow' --disabled)
provision alarm put 'slow "web"' "${all[@]}" --tag team=ops
expect_status 0
expect_line 'made: alarm slow "web": web Latency Host=web-1 Site=a p99.9 >= 1500, 3 of 5 periods of 60 s'
aws_cli cloudwatch describe-alarms --output json --query 'MetricAlarms[0].[Namespace,MetricName,Dimensions[].Name,ExtendedStatistic,ComparisonOperator,Threshold,Period,EvaluationPeriods,DatapointsToAlarm,TreatMissingData,EvaluateLowSampleCountPercentile,Unit,AlarmActions,OKActions,InsufficientDataActions,AlarmDescription,ActionsEnabled]'
tr -d '\n' <"$out" | tr -s ' ' >"$scratch/json"
for part in '"web", "Latency", [ "Host", "Site" ], "p99.9", "GreaterThanOrEqualToThreshold", 1500.0, 60, 5, 3, "ignore", "ignore", "Milliseconds"' \
    "[ \"$alerts\", \"$night\" ], [ \"$night\" ], [ \"arn:aws:lambda:eu-west-1:123456789012:function:f\" ], \"too slow\", false"; do
    grep -qF -e "$part" "$scratch/json" || fail "no $part: $(cat "$scratch/json")"
done
before=$(changing_calls)
provision alarm put 'slow "web"' "${all[@]}"
expect_match '^exists: alarm slow "web"'
provision alarm put 'slow "web"' "${all[@]:0:8}" --threshold 2000 --plan
expect_status 3
for change in 'description too slow -> none' 'actions disabled -> enabled' "OK actions $night -> none" \
    'statistic p99.9 -> Sum' 'unit Milliseconds -> none' 'evaluation periods 5 -> 1' 'threshold 1500 -> 2000' \
    'comparison >= -> >' 'missing data ignore -> notBreaching' 'low samples ignore -> none'; do
    grep -qF -e "$change" "$out" || fail "no '$change'"
done
[[ $(changing_calls) -eq $before ]] || fail "something is changed"

# Health: silence alarms. A name and a dimension of each host.
provision alarm put --preset no-scan --alarm-action alerts
expect_line "made: alarm hostav NO SCAN $(hostname): hostav LastScanAge Host=$(hostname) Maximum > 93600, 1 of 1 periods of 3600 s"
for host in web-1 web-2; do
    provision alarm put --preset no-scan --dimension "Host=$host" --alarm-action alerts
    provision alarm put --preset old-signatures --dimension "Host=$host" --threshold 86400
    expect_status 0
    expect_error 'has no alarm action: nobody hears of it'
done
aws_cli cloudwatch describe-alarms --alarm-name-prefix 'hostav OLD' --query 'MetricAlarms[].[AlarmName,MetricName,Threshold,TreatMissingData]'
expect_line 'hostav OLD SIGNATURES web-2	SignatureAge	86400.0	breaching'

# One for all of them.
provision alarm put 'no scan anywhere' --composite-prefix 'hostav NO SCAN web' --alarm-action alerts
expect_status 0
expect_line 'made: alarm no scan anywhere: ALARM("hostav NO SCAN web-1") OR ALARM("hostav NO SCAN web-2")'
provision alarm put 'no scan anywhere' --composite-prefix 'hostav NO SCAN web' --alarm-action alerts
expect_match '^exists: '
provision alarm put 'no scan anywhere' --composite 'hostav NO SCAN web-1' --alarm-action alerts
expect_line 'changed: alarm no scan anywhere: rule ALARM("hostav NO SCAN web-1") OR ALARM("hostav NO SCAN web-2") -> ALARM("hostav NO SCAN web-1")'
provision alarm put ruled --rule 'ALARM("hostav NO SCAN web-1") AND NOT OK("hostav NO SCAN web-2")' --alarm-action night
expect_status 0
aws_cli cloudwatch describe-alarms --alarm-types CompositeAlarm --query 'CompositeAlarms[].[AlarmName,AlarmRule,AlarmActions[0]]'
expect_line "no scan anywhere	ALARM(\"hostav NO SCAN web-1\")	$alerts"
provision alarm put ruled --preset found
expect_one_error 1 'alarm ruled: is there as a composite one: delete it first'
provision alarm put none --composite-prefix nothing
expect_one_error 1 'no alarm begins so'
provision alarm put x --preset found --alarm-action nowhere
expect_one_error 1 'topic nowhere: is not there: .metric-push topic put nowhere. makes it'

aws_cli cloudwatch set-alarm-state --alarm-name 'hostav NO SCAN web-1' --state-value ALARM --state-reason test
provision alarm list 'hostav NO SCAN web-1'
expect_line "ALARM	hostav NO SCAN web-1	hostav LastScanAge Host=web-1 Maximum > 93600, 1 of 1 periods of 3600 s	breaching	enabled	$alerts"
provision alarm list --json
expect_count 8 '^\{"state":"'
/usr/bin/python3 - "$aws_url" <<'E2'
import sys
import botocore.session
watch = botocore.session.get_session().create_client('cloudwatch', endpoint_url=sys.argv[1])
for i in range(60):
    watch.put_metric_alarm(AlarmName=f'many {i}', Namespace='n', MetricName='m', Statistic='Sum', Period=60,
                           EvaluationPeriods=1, Threshold=0, ComparisonOperator='GreaterThanThreshold')
E2
provision alarm list many
expect_count 60 '	many '

provision alarm delete ruled 'slow "web"' --plan
expect_status 3
provision alarm delete ruled 'slow "web"' gone
expect_status 0
expect_line 'deleted: alarm ruled'
expect_line 'deleted: alarm slow "web"'
expect_line 'not there: alarm gone'
expect_no_violations
