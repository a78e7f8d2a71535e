#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The stand-in for AWS behaves to Debian's own client as the service does, over http and https, before
# and after a restart.
. "$(dirname "$0")/../support/aws.sh"
need_aws_cli
start_aws_server
now=$(date +%s)000

# Groups and streams are made, events put, and read back.
aws_cli logs create-log-group --log-group-name clamav --tags team=security
expect_status 0
aws_cli logs put-log-events --log-group-name clamav --log-stream-name i-1 \
    --log-events "timestamp=$now,message=early"
[[ $status -ne 0 ]] || fail "a stream that is not there took events"
expect_error 'ResourceNotFoundException.*log stream does not exist'
aws_cli logs create-log-stream --log-group-name clamav --log-stream-name i-1
expect_status 0
aws_cli logs put-log-events --log-group-name clamav --log-stream-name i-1 --log-events \
    "timestamp=$now,message=/a: Eicar FOUND" "timestamp=${now%0}1,message=/é: Eicar FOUND"
expect_status 0
expect_stored clamav i-1 '/a: Eicar FOUND' '/é: Eicar FOUND'
aws_cli logs put-retention-policy --log-group-name clamav --retention-in-days 14
expect_status 0

# They survive a restart of the server, which is by https now.
stop_aws_server
make_test_ca test
start_aws_server --tls "$scratch/test.pem" "$scratch/test.key"
aws_cli logs get-log-events --log-group-name clamav --log-stream-name i-1 --start-from-head \
    --query 'events[].[timestamp,message]'
expect_status 0
expect_line "$now"$'\t/a: Eicar FOUND'
aws_cli logs filter-log-events --log-group-name clamav --filter-pattern é --query 'events[].message'
expect_line '/é: Eicar FOUND'
expect_no_match '/a'
aws_cli logs describe-log-groups --query 'logGroups[].[logGroupName,retentionInDays]'
expect_line $'clamav\t14'
aws_cli logs describe-log-streams --log-group-name clamav \
    --query 'logStreams[].[logStreamName,lastEventTimestamp]'
expect_line $'i-1\t'"${now%0}1"

# Errors are those that the client knows by name.
fault '{"op": "DescribeLogGroups", "fault": "throttle"}' \
    '{"op": "DescribeLogGroups", "fault": "denied"}'
aws_cli logs describe-log-groups
expect_error 'ThrottlingException.*Rate exceeded'
aws_cli logs describe-log-groups
expect_error 'AccessDeniedException.*logs:DescribeLogGroups on resource: arn:aws:logs:eu-west-1'
faults_are_over || fail "a fault is left"
expect_no_violations

# Credentials from the instance, and from a container.
use_imds
aws_cli logs describe-log-groups --query 'logGroups[].logGroupName'
expect_line clamav
[[ $(aws_requests imds-token status=200) -ge 1 && $(aws_requests imds version=1) -eq 0 ]] ||
    fail "not by version 2 of the metadata service"
export AWS_EC2_METADATA_DISABLED=true
use_container
aws_cli logs describe-log-groups --query 'logGroups[].logGroupName'
expect_line clamav
[[ $(aws_request_values key DescribeLogGroups status=200 | grep -c ^ASIA) -eq 2 ]] ||
    fail "not signed with the keys that were issued"
expect_no_violations
