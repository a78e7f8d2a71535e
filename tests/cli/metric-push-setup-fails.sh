#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What fails while something is set up is one line that says what to do; what was done is told, and
# the same command goes on from there. Everything ends.
# shellcheck source=tests/support/metric-push.sh
. "$(dirname "$0")/../support/metric-push.sh"
start_aws_server
setup() { provision setup -q --log-group clamav --email ops@example.com "$@"; }

# A permission is missing: the action, and where the policy is.
fault '{"op": "CreateTopic", "fault": "denied", "count": 1}'
setup
expect_one_error 1 '^metric-push: topic clamavfound: CreateTopic: AccessDenied.*allow sns:CreateTopic.*`metric-push setup --iam-policy` prints what is needed; what is done stays, the same command goes on from here$'
expect_count 2 '^made: '
setup
expect_status 0
expect_count 2 '^exists: '
expect_count 3 '^made: '

# In the middle of a log group: what is missing then has to be asked for.
fault '{"op": "PutRetentionPolicy", "fault": "denied", "count": 1}'
provision setup -q --log-group other
expect_one_error 1 '^metric-push: log group other: PutRetentionPolicy: .*afterwards --retention=365 sets it'
expect_line 'made: log group other: kept for ever'
provision setup -q --log-group other
expect_line 'exists: log group other: kept for ever'
provision setup -q --log-group other --retention 365
expect_line 'changed: log group other: kept for ever -> kept for 365 days'

# What passes is waited for, each kind of answer and each protocol.
provision setup -q --log-group clamav --delete --delete-log-group
fault '{"op": "DescribeLogGroups", "fault": "throttle", "count": 2}' \
    '{"op": "CreateLogGroup", "fault": "aborted", "count": 1}' \
    '{"op": "PutMetricFilter", "fault": "reset-after", "count": 1}' \
    '{"op": "ListTopics", "fault": "throttle", "count": 2}' \
    '{"op": "CreateTopic", "fault": "reset-after", "count": 1}' \
    '{"op": "Subscribe", "fault": "unavailable", "count": 1}' \
    '{"op": "PutMetricAlarm", "fault": "internal", "count": 2}'
setup
expect_status 0
expect_count 5 '^made: '
faults_are_over || fail "the faults have not struck"

# But not for ever; a quota not at all.
fault '{"op": "DescribeAlarms", "fault": "throttle", "count": 0}'
setup --timeout 1
expect_one_error 1 '^metric-push: alarm ClamAV VIRUS FOUND: DescribeAlarms: ThrottlingException: Rate exceeded'
no_faults
fault '{"op": "ListTopics", "fault": "silent", "count": 0}'
setup --timeout 2
expect_one_error 1 '^metric-push: topic clamavfound: ListTopics: .*timed out'
no_faults
fault '{"op": "CreateTopic", "fault": "error", "type": "TopicLimitExceeded", "message": "too many", "status": 403, "count": 1}'
provision topic put another
expect_one_error 1 '^metric-push: topic another: CreateTopic: TopicLimitExceeded: too many'

# Answers that are none.
fault '{"op": "DescribeMetricFilters", "fault": "malformed-json", "count": 1}'
provision filter list
expect_one_error 1 '^metric-push: metric filters: DescribeMetricFilters: the answer is not what it should be$'
fault '{"op": "ListTopics", "fault": "malformed-json", "body": "<a", "count": 1}'
provision topic list
expect_one_error 1 '^metric-push: topics: ListTopics: the answer is not what it should be$'
fault '{"op": "DescribeAlarms", "fault": "malformed-json", "body": "{\"NextToken\": \"again\"}", "apply": false, "count": 2}'
provision alarm list
expect_one_error 1 '^metric-push: alarms: DescribeAlarms: the answer never ends$'
fault '{"op": "ListTopics", "fault": "captive", "count": 0}'
provision topic list --timeout 1
expect_one_error 1 'the answer is a web page'
no_faults

# What cannot be said is no success, but is done.
if [[ -w /dev/full ]]; then
    status=0
    "$metric_push" alarm put full --preset found -q --endpoint-url "$aws_url" >/dev/full 2>"$err" || status=$?
    expect_one_error 1 'stdout: No space left'
    provision alarm list full
    expect_count 1 'full'
fi

# Nobody there, no credentials, no region.
run timeout 60 "$metric_push" topic list --endpoint-url http://127.0.0.1:1 --timeout 1
expect_one_error 1 '^metric-push: topics: ListTopics: '
unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
setup
expect_one_error 1 'no credentials'
unset AWS_REGION AWS_DEFAULT_REGION
run timeout 60 "$metric_push" topic list
expect_one_error 1 '^metric-push: region: not known: give --region'
expect_no_violations
