#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# topic put makes a topic and subscribes whoever is not yet, list shows both, delete takes away what
# nothing uses.
# shellcheck source=tests/support/metric-push.sh
. "$(dirname "$0")/../support/metric-push.sh"
need_aws_cli
start_aws_server

provision topic put alerts --email ops@example.com --email ops@example.com --subscribe sqs=arn:aws:sqs:eu-west-1:123456789012:q \
    --subscribe 'https=https://user:secret@example.com/hook?token=secret' --display-name 'Virus & Co' --tag team=ops
expect_status 0
expect_count 4 '^made: '
expect_line 'made: subscription sqs arn:aws:sqs:eu-west-1:123456789012:q'
expect_line 'made: subscription https https://example.com/hook: waits for confirmation'
! grep -q secret "$out" "$err" || fail "a secret is shown"
arn=$(topic_arn alerts)
aws_cli sns get-topic-attributes --topic-arn "$arn" --query Attributes.DisplayName
expect_line 'Virus & Co'
before=$(changing_calls)
provision topic put alerts --email ops@example.com --display-name 'Virus & Co'
expect_count 2 '^exists: '
provision topic put "$arn" --email root@example.com --display-name Virus --plan
expect_status 3
expect_line "would change: topic $arn: DisplayName Virus & Co -> Virus"
expect_line 'would make: subscription email root@example.com: waits for confirmation'
[[ $(changing_calls) -eq $before ]] || fail "something is changed"
provision topic put alerts --display-name Virus
expect_line 'changed: topic alerts: DisplayName Virus & Co -> Virus'

# An empty one says so; one by ARN must be there.
provision topic put empty
expect_error 'topic empty has no subscription: nobody hears of it'
provision topic put arn:aws:sns:eu-west-1:123456789012:nowhere
expect_status 1
expect_error '^metric-push: topic arn:.*: GetTopicAttributes: NotFound'

aws_control '{"confirm": "ops@example.com"}' >/dev/null
provision topic list
expect_line "alerts	3	1	$arn"
expect_match '^empty	0	0	arn:'
provision topic list alerts
expect_match '^email	ops@example.com	confirmed	arn:'
expect_line 'https	https://user:secret@example.com/hook?token=secret	pending	'
provision topic list alerts --json
expect_count 3 '^\{"protocol":"'
provision topic list nowhere
expect_one_error 1 'topic nowhere: is not there'

# More than a page of either.
/usr/bin/python3 - "$aws_url" "$arn" <<'E2'
import sys
import botocore.session
sns = botocore.session.get_session().create_client('sns', endpoint_url=sys.argv[1])
for i in range(120):
    sns.create_topic(Name=f'a{i}')
    sns.subscribe(TopicArn=sys.argv[2], Protocol='email', Endpoint=f'{i}@example.com')
E2
provision topic list
expect_count 122 '	arn:'
provision topic put alerts --email 119@example.com
expect_line 'exists: subscription email 119@example.com: waits for confirmation'

# Away.
provision topic delete alerts --email ops@example.com --email 1@example.com --email who@example.com
expect_status 0
expect_line 'deleted: subscription email ops@example.com'
expect_match '^kept: subscription email 1@example.com: nobody has confirmed it'
expect_line 'not there: subscription email who@example.com'
provision alarm put user --preset found --ok-action alerts
provision topic delete alerts
expect_line 'kept: topic alerts: alarm user uses it'
provision topic delete alerts --force --plan
expect_status 3
provision topic delete alerts --force
expect_line 'deleted: topic alerts: with its subscriptions'
provision topic delete empty
expect_line 'deleted: topic empty: with its subscriptions'
provision topic delete empty
expect_status 0
expect_line 'not there: topic empty'
expect_no_violations
