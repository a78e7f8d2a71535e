#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# filter put makes and changes one metric filter with all that the console offers, list shows them,
# delete takes them away; Debian's aws sees the same.
# shellcheck source=tests/support/metric-push.sh
. "$(dirname "$0")/../support/metric-push.sh"
need_aws_cli
start_aws_server
aws_cli logs create-log-group --log-group-name web
expect_status 0

provision filter put Errors --log-group web --pattern '{ $.status = 5* && $.host = * }' --namespace web \
    --metric Errors --value '$.bytes' --unit Bytes --dimension 'Host=$.host' --dimension 'Status=$.status'
expect_status 0
expect_line 'made: filter Errors: web Errors $.bytes for { $.status = 5* && $.host = * }'
aws_cli logs describe-metric-filters --output json \
    --query 'metricFilters[].[logGroupName,filterName,filterPattern,metricTransformations[0]]'
tr -d ' \n' <"$out" >"$scratch/json"
wanted='[["web","Errors","{$.status=5*&&$.host=*}",{"metricName":"Errors","metricNamespace":"web","metricValue":"$.bytes","dimensions":{"Host":"$.host","Status":"$.status"},"unit":"Bytes"}]]'
[[ $(cat "$scratch/json") = "$wanted" ]] || fail "another filter: $(cat "$scratch/json")"

before=$(changing_calls)
provision filter put Errors --log-group web --pattern '{ $.status = 5* && $.host = * }' --namespace web \
    --metric Errors --value '$.bytes' --unit Bytes --dimension 'Status=$.status' --dimension 'Host=$.host'
expect_match '^exists: filter Errors'
provision filter put Errors --log-group web --pattern '?ERROR ?WARN' --namespace web --metric Errors --unit None --plan
expect_status 3
expect_match '^would change: filter Errors: pattern .* -> \?ERROR \?WARN, value \$\.bytes -> 1, default none -> 0, unit Bytes -> None, dimensions Host=\$\.host Status=\$\.status -> none$'
[[ $(changing_calls) -eq $before ]] || fail "something is changed"
provision filter put Errors --log-group web --pattern '?ERROR ?WARN' --namespace web --metric Errors --unit None
expect_match '^changed: filter Errors'
provision filter put Late --log-group web --pattern '[..., ms > 1000]' --namespace web --metric Errors --default none
expect_status 0
expect_error 'filter Errors of the same log group feeds web Errors, too'

# What could be another's line is escaped; JSON is as it is.
provision filter put $'Sm\xc3\xb8rg' --log-group web
provision filter list
expect_status 0
expect_line $'web\tErrors\tweb\tErrors\t1\t0\tNone\t\t?ERROR ?WARN'
expect_line $'web\tLate\tweb\tErrors\t1\t\tCount\t\t[..., ms > 1000]'
expect_count 3 '^web	'
provision filter list La --log-group web --json
expect_line '{"log_group":"web","filter":"Late","namespace":"web","metric":"Errors","value":"1","default":"","unit":"Count","dimensions":"","pattern":"[..., ms > 1000]"}'
expect_count 1 .

# Many pages.
for i in {1..60}; do
    echo "{\"filterName\": \"many$i\", \"filterPattern\": \"x\", \"metricTransformations\": [{\"metricName\": \"m\", \"metricNamespace\": \"n\", \"metricValue\": \"1\"}], \"logGroupName\": \"web\"}"
done >"$scratch/many"
/usr/bin/python3 - "$aws_url" "$scratch/many" <<'E2'
import json, sys
import botocore.session
logs = botocore.session.get_session().create_client('logs', endpoint_url=sys.argv[1])
for line in open(sys.argv[2], encoding='utf-8'):
    logs.put_metric_filter(**json.loads(line))
E2
provision filter list --log-group web
expect_count 63 '^web	'

# Trying out, as `metric-push test`.
printf 'a\nERROR b\n' | run "$metric_push" filter test --pattern ERROR
expect_status 0
expect_line '2: ERROR b'

provision filter delete Late --log-group web
expect_line 'deleted: filter Late'
provision filter delete Late --log-group web
expect_status 0
expect_line 'not there: filter Late'
provision filter delete Late --log-group nowhere
expect_line 'not there: filter Late'
provision filter put X --log-group nowhere
expect_status 1
expect_error '^metric-push: filter X: DescribeMetricFilters: ResourceNotFound'
provision filter put X --log-group nowhere --plan
expect_status 1
provision filter put many5 --log-group web --pattern '%again%'
for i in {6..8}; do provision filter put "many$i" --log-group web --pattern '%x%'; done
provision filter put many9 --log-group web --pattern '%x%'
expect_status 1
expect_error '5 of them with a regular expression'
expect_no_violations
