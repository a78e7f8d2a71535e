#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The stand-in for AWS as a proxy for http and https, so that clients can be tried with the services'
# real names; and over IPv6.
. "$(dirname "$0")/../support/aws.sh"
need_aws_server
make_test_ca test DNS:logs.eu-west-1.amazonaws.com,IP:127.0.0.1
start_aws_server --tls "$scratch/test.pem" "$scratch/test.key"
client() { # URL
    run /usr/bin/python3 -c 'import botocore.session, sys
logs = botocore.session.Session().create_client("logs", endpoint_url=sys.argv[1] or None)
print(logs.describe_log_groups()["logGroups"])' "$1"
}
export AWS_CA_BUNDLE=$scratch/test-ca.pem

https_proxy=http://user:password@${imds_url#http://} client ""
expect_status 0
expect_line '[]'
[[ $(aws_request_values host DescribeLogGroups) == logs.eu-west-1.amazonaws.com ]] ||
    fail "not by its name: $(cat "$aws_dir/requests")"
[[ $(aws_requests proxy-connect path=logs.eu-west-1.amazonaws.com:443) -eq 1 ]] || fail "no CONNECT"
[[ $(aws_request_values proxy_auth proxy-connect) == 'Basic '* ]] || fail "without the password"

http_proxy=$imds_url client http://logs.eu-west-1.amazonaws.com
expect_line '[]'
[[ $(aws_requests DescribeLogGroups proxy=absolute) -eq 1 ]] || fail "no absolute request"

fault '{"op": "proxy-connect", "fault": "status", "code": 407, "html": true}'
AWS_MAX_ATTEMPTS=1 https_proxy=$imds_url client ""
[[ $status -ne 0 ]] || fail "the proxy is not refused"
expect_error 407
expect_no_violations

stop_aws_server
start_aws_server --bind ::1
client "$aws_url"
expect_line '[]'
expect_no_violations
