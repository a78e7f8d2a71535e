#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The stand-in's CloudWatch, SNS and metric filters: by both protocols, within limits, read back by
# Debian's own client, and still there after a restart.
. "$(dirname "$0")/../support/aws.sh"
need_aws_cli
start_aws_server

asking() { "$support/aws-request" "$aws_url" "$aws_dir" >"$out" || fail "wrong answers"; }
datum() { printf '{"service": "monitoring", "op": "PutMetricData", "params": {"Namespace": "%s", "MetricData": [%s]}}\n' "$@"; }
value='"MetricName": "VIRUSFOUND", "Value": 1'
{
    echo "200 - | $(datum clamav/found "{$value, \"Timestamp\": \"SECONDS\", \"Unit\": \"Count\"}")"
    echo "200 - | $(datum clamav/found "{$value, \"Dimensions\": [{\"Name\": \"host\", \"Value\": \"a\"}]}")"
    echo "200 - | $(datum N '{"MetricName": "m", "Values": [1, 2], "Counts": [3, 1]}')"
    echo "200 - | $(datum N '{"MetricName": "m", "StatisticValues": {"SampleCount": 2, "Sum": 5, "Minimum": 1, "Maximum": 4}}')"
    echo "400 InvalidParameterValueException ! | $(datum AWS/found "{$value}")"
    echo "400 InvalidParameterValueException ! | $(datum N "{$value, \"Timestamp\": \"SECONDS-1300000\"}")"
    echo "400 InvalidParameterValueException ! | $(datum N "{$value, \"Timestamp\": \"SECONDS+7300\"}")"
    echo "400 InvalidParameterValueException ! | $(datum N "{$value, \"StorageResolution\": 5}")"
    echo "400 InvalidParameterValueException ! | $(datum N "{$value, \"Dimensions\": [{\"Name\": \":a\", \"Value\": \"b\"}]}")"
    echo "400 InvalidParameterValueException ! | $(datum N "{$value, \"Dimensions\": [{\"Name\": \"a\", \"Value\": \" \"}]}")"
    echo "400 InvalidParameterValueException ! | $(datum N '{"MetricName": "m", "Value": 1e300}')"
    echo "400 InvalidParameterValueException ! | $(datum N '{"MetricName": "m", "Values": [1, 1]}')"
    echo "400 InvalidParameterCombinationException ! | $(datum N "{$value, \"Values\": [1]}")"
    echo "400 InvalidParameterCombinationException ! | $(datum N '{"MetricName": "m", "Values": [1], "Counts": [1, 2]}')"
    echo "400 MissingParameterException ! | $(datum N '{"MetricName": "m"}')"
    echo "400 SerializationException ! | $(datum N '{"MetricName": "m", "Value": "1"}')"
    echo "400 InvalidParameterValueException ! | $(datum N "{$value, \"Unit\": \"Pieces\"}")"
} >"$scratch/table"
asking <"$scratch/table"
: >"$aws_dir/violations"

# By the query protocol, as this client speaks it; sums of one minute add up.
aws_cli cloudwatch put-metric-data --namespace N --metric-name m --value 2 --unit None
expect_status 0
aws_cli cloudwatch get-metric-statistics --namespace N --metric-name m --period 86400 \
    --statistics Sum SampleCount --start-time "$(date -d '2 days ago' +%F)" \
    --end-time "$(date -d '2 days' +%F)" --query 'Datapoints[].[Sum,SampleCount]'
[[ $(awk '{ s += $1; n += $2 } END { print s, n }' "$out") == '12 7' ]] || fail "not 5 + 5 + 2"

# What chapter five of the guide makes.
aws_cli sns create-topic --name clamavfound
topic=$(cat "$out")
aws_cli sns subscribe --topic-arn "$topic" --protocol email --notification-endpoint ops@example.com
expect_line 'pending confirmation'
aws_cli sns list-subscriptions --query 'Subscriptions[].[Protocol,Endpoint,SubscriptionArn]'
expect_line $'email\tops@example.com\tPendingConfirmation'
aws_control '{"confirm": "ops@example.com"}' >"$out"
aws_cli sns list-subscriptions-by-topic --topic-arn "$topic" --query 'Subscriptions[].SubscriptionArn'
expect_match "^$topic:"
aws_cli sns get-subscription-attributes --subscription-arn "$(cat "$out")" \
    --query Attributes.PendingConfirmation
expect_line false
aws_cli cloudwatch put-metric-alarm --alarm-name 'ClamAV VIRUS FOUND' --namespace clamav/found \
    --metric-name VIRUSFOUND --statistic Sum --period 300 --evaluation-periods 1 --threshold 0 \
    --comparison-operator GreaterThanThreshold --treat-missing-data notBreaching \
    --alarm-actions "$topic"
expect_status 0
aws_cli logs create-log-group --log-group-name clamav
aws_cli logs put-metric-filter --log-group-name clamav --filter-name ClamAV \
    --filter-pattern '%\sFOUND$%' --metric-transformations \
    metricName=FILTERED,metricNamespace=clamav/found,metricValue=1,defaultValue=0,unit=Count
expect_status 0
expect_no_violations

stop_aws_server
start_aws_server
aws_cli cloudwatch describe-alarms --query \
    'MetricAlarms[].[AlarmName,StateValue,Threshold,TreatMissingData,AlarmActions[0]]'
expect_line $'ClamAV VIRUS FOUND\tINSUFFICIENT_DATA\t0.0\tnotBreaching\t'"$topic"
aws_cli logs describe-metric-filters --log-group-name clamav \
    --query 'metricFilters[].[filterName,filterPattern]'
expect_line $'ClamAV\t%\\sFOUND$%'

# Lines that are put into the group feed the filter's metric.
asking <<'E'
200 - | {"op": "CreateLogStream", "params": {"logGroupName": "clamav", "logStreamName": "s"}}
200 - | {"params": {"logGroupName": "clamav", "logStreamName": "s", "logEvents": [{"timestamp": "NOW", "message": "/a: Eicar FOUND"}, {"timestamp": "NOW", "message": "/FOUND/b: OK"}]}}
200 - | {"service": "monitoring", "op": "ListMetrics", "params": {"Namespace": "clamav/found"}, "say": "\"Name\": \"host\", \"Value\": \"a\""}
200 - | {"op": "TestMetricFilter", "params": {"filterPattern": "FOUND", "logEventMessages": ["OK", "a FOUND"]}, "say": "\"eventNumber\": 2"}

400 InvalidParameterException ! | {"op": "PutMetricFilter", "params": {"logGroupName": "clamav", "filterName": "f", "filterPattern": "", "metricTransformations": []}}
400 InvalidParameterException ! | {"op": "PutMetricFilter", "params": {"logGroupName": "clamav", "filterName": "f", "filterPattern": "", "metricTransformations": [{"metricName": "m", "metricNamespace": "n", "metricValue": "one"}]}}
400 InvalidParameterException ! | {"op": "PutMetricFilter", "params": {"logGroupName": "clamav", "filterName": "f", "filterPattern": "%(a)%", "metricTransformations": [{"metricName": "m", "metricNamespace": "n", "metricValue": "1"}]}}
400 InvalidParameterException ! | {"op": "PutMetricFilter", "params": {"logGroupName": "clamav", "filterName": "f", "filterPattern": "{ $.a = 1 }", "metricTransformations": [{"metricName": "m", "metricNamespace": "n", "metricValue": "1", "defaultValue": 0, "dimensions": {"a": "$.a"}}]}}
400 ResourceNotFoundException | {"op": "DeleteMetricFilter", "params": {"logGroupName": "clamav", "filterName": "f"}}

400 InvalidParameter ! | {"service": "sns", "form": {"Action": "CreateTopic", "Version": "2010-03-31", "Name": "a b"}}
400 InvalidParameter ! | {"service": "sns", "form": {"Action": "Subscribe", "Version": "2010-03-31", "TopicArn": "arn:aws:sns:eu-west-1:123456789012:clamavfound", "Protocol": "email", "Endpoint": "nobody"}}
404 NotFound | {"service": "sns", "form": {"Action": "Subscribe", "Version": "2010-03-31", "TopicArn": "arn:aws:sns:eu-west-1:123456789012:none", "Protocol": "email", "Endpoint": "a@b"}}
400 InvalidParameterValueException ! | {"service": "monitoring", "op": "PutMetricAlarm", "params": {"AlarmName": "a", "MetricName": "m", "Namespace": "N", "Statistic": "Sum", "Period": 45, "EvaluationPeriods": 1, "Threshold": 0, "ComparisonOperator": "GreaterThanThreshold"}}
400 MissingParameter ! | {"service": "monitoring", "form": {"Action": "PutMetricAlarm", "Version": "2010-08-01", "AlarmName": "a", "EvaluationPeriods": "1", "ComparisonOperator": "GreaterThanThreshold"}}
400 MalformedInput ! | {"service": "monitoring", "form": {"Action": "PutMetricData", "Version": "2010-08-01", "Namespace": "N", "MetricData.member.2.MetricName": "m"}}
E
grep -q '"name": "FILTERED", .*"Values": \[1.0\], "Counts": \[1\]' "$aws_dir/metrics.jsonl" ||
    fail "the filter feeds no metric: $(cat "$aws_dir/metrics.jsonl")"

# Everything can be taken away.
: >"$aws_dir/violations"
asking <<E
200 - | {"service": "monitoring", "op": "DeleteAlarms", "params": {"AlarmNames": ["ClamAV VIRUS FOUND", "none"]}}
200 - | {"service": "sns", "form": {"Action": "DeleteTopic", "Version": "2010-03-31", "TopicArn": "$topic"}}
200 - | {"op": "DeleteMetricFilter", "params": {"logGroupName": "clamav", "filterName": "ClamAV"}}
E
for file in alarms.json sns.json groups/clamav/group.json; do
    ! grep -qi found "$aws_dir/$file" || fail "left in $file: $(cat "$aws_dir/$file")"
done
expect_no_violations
