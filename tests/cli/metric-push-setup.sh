#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# setup makes all that leads from a FOUND line to a mail, once however often it is run; --plan tells
# and does nothing; --wait waits for the mail's confirmation; --delete takes it away, lines apart.
# Debian's aws reads back what the guide's chapter five shows.
# shellcheck source=tests/support/metric-push.sh
. "$(dirname "$0")/../support/metric-push.sh"
need_aws_cli
start_aws_server

setup() { provision setup --log-group clamav --email ops@example.com "$@"; }
setup --plan
expect_status 3
expect_line 'would make: log group clamav: kept for 365 days'
expect_line 'would make: filter ClamAV: clamav/found VIRUSFOUND 1 for %\\sFOUND$%'
expect_line 'would make: topic clamavfound'
expect_line 'would make: subscription email ops@example.com'
expect_line 'would make: alarm ClamAV VIRUS FOUND: clamav/found VIRUSFOUND Sum > 0, 1 of 1 periods of 300 s'
[[ $(changing_calls) -eq 0 ]] || fail "a plan changes something"

setup
expect_status 0
expect_count 5 '^made: '
expect_line 'made: subscription email ops@example.com: waits for confirmation'
expect_error 'ops@example.com must be confirmed by its owner'
expect_error "metric-push's own service must stay off"
before=$(changing_calls)
setup
expect_status 0
expect_count 5 '^exists: '
expect_line 'exists: subscription email ops@example.com: waits for confirmation'
setup --plan -q
expect_status 0
expect_silent
[[ $(changing_calls) -eq $before ]] || fail "the second run changes something"

# As the console shows it.
aws_cli logs describe-log-groups --query 'logGroups[].[logGroupName,retentionInDays]'
expect_line $'clamav\t365'
aws_cli logs describe-metric-filters --log-group-name clamav --query \
    'metricFilters[].[filterName,filterPattern,metricTransformations[0].[metricNamespace,metricName,metricValue,defaultValue,unit]][]' --output json
tr -d ' \n' <"$out" >"$scratch/json"
[[ $(cat "$scratch/json") = '["ClamAV","%\\sFOUND$%",["clamav/found","VIRUSFOUND","1",0.0,"Count"]]' ]] || fail "another filter"
topic=$(topic_arn clamavfound)
aws_cli sns list-subscriptions-by-topic --topic-arn "$topic" --query 'Subscriptions[].[Protocol,Endpoint,SubscriptionArn]'
expect_line $'email\tops@example.com\tPendingConfirmation'
aws_cli cloudwatch describe-alarms --query 'MetricAlarms[].[AlarmName,Namespace,MetricName,Statistic,Period,EvaluationPeriods,Threshold,ComparisonOperator,TreatMissingData,AlarmActions[0],length(Dimensions)]'
expect_line "ClamAV VIRUS FOUND	clamav/found	VIRUSFOUND	Sum	300	1	0.0	GreaterThanThreshold	notBreaching	$topic	0"

# What somebody has added stays, what differs is changed and told.
aws_cli cloudwatch put-metric-alarm --alarm-name 'ClamAV VIRUS FOUND' --namespace clamav/found \
    --metric-name VIRUSFOUND --statistic Sum --period 60 --evaluation-periods 1 --threshold 5 \
    --comparison-operator GreaterThanThreshold --alarm-actions arn:aws:sns:eu-west-1:123456789012:pager
expect_status 0
setup
expect_line "changed: alarm ClamAV VIRUS FOUND: alarm actions arn:aws:sns:eu-west-1:123456789012:pager -> $topic arn:aws:sns:eu-west-1:123456789012:pager, period 60 -> 300, threshold 5 -> 0, missing data missing -> notBreaching"
# Retention of a group that is there: only when asked for.
aws_cli logs put-retention-policy --log-group-name clamav --retention-in-days 3653
setup
expect_line 'exists: log group clamav: kept for 3653 days'
setup --retention 30
expect_line 'changed: log group clamav: kept for 3653 days -> kept for 30 days'
setup --retention never
expect_line 'changed: log group clamav: kept for 30 days -> kept for ever'

# The mail.
setup --wait=1
expect_status 3
expect_error 'ops@example.com is not confirmed after 1 seconds'
start "$metric_push" setup --log-group clamav --email ops@example.com --wait --endpoint-url "$aws_url"
eventually grep -q 'must be confirmed' "$err" || fail "nobody is told to confirm"
aws_control '{"confirm": "ops@example.com"}' >/dev/null
finish "$pid"
expect_status 0
expect_line 'confirmed: topic clamavfound'
setup
expect_line 'exists: subscription email ops@example.com'

# A line that is shipped counts.
printf '/a: X FOUND\n/FOUND/b: OK\n' | run timeout 60 "$BUILD/logship" --group clamav --endpoint-url "$aws_url"
expect_status 0
expect_pushed clamav/found VIRUSFOUND 1

# Away again.
before=$(changing_calls)
setup --delete --plan
expect_status 3
expect_line 'would delete: alarm ClamAV VIRUS FOUND'
[[ $(changing_calls) -eq $before ]] || fail "a plan deletes something"
provision alarm put other --preset found --alarm-action clamavfound
setup --delete
expect_status 0
expect_line 'deleted: alarm ClamAV VIRUS FOUND'
expect_line 'kept: topic clamavfound: alarm other uses it'
expect_line 'deleted: filter ClamAV'
expect_line 'kept: log group clamav: with its lines (--delete-log-group deletes both)'
provision alarm delete other
setup --delete --delete-log-group
expect_line 'not there: alarm ClamAV VIRUS FOUND'
expect_line 'deleted: topic clamavfound: with its subscriptions'
expect_line 'not there: filter ClamAV'
expect_line 'deleted: log group clamav: with its lines'
setup --delete --plan --delete-log-group
expect_status 0
expect_count 4 '^not there: '

# Without log group: the metric that is pushed, with its dimensions.
provision setup --direct --dimension Host=web-1 --alarm 'web-1 VIRUS FOUND' --email ops@example.com --tag team=ops
expect_status 0
expect_count 3 '^made: '
expect_error 'metric-push itself must feed clamav/found VIRUSFOUND'
aws_cli cloudwatch describe-alarms --query 'MetricAlarms[].[AlarmName,Dimensions[0].Name,Dimensions[0].Value]'
expect_line 'web-1 VIRUS FOUND	Host	web-1'
[[ -z $(stored_groups) ]] || fail "--direct makes a log group"
expect_no_violations
