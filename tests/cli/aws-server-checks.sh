#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The stand-in for AWS refuses and records every kind of request that the services would refuse, and
# takes what is just within the limits.
. "$(dirname "$0")/../support/aws.sh"
need_aws_server

asking() { # a table of requests and what must come of them, see aws-request
    "$support/aws-request" "$aws_url" "$aws_dir" >"$out" || fail "wrong answers"
}
start_aws_server --key AKIAIOSFODNN7EXAMPLE:wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY \
    --key AKIDWITHTOKEN:secret:to/k+en==

asking <<'E'
200 - | {"op": "CreateLogGroup", "params": {"logGroupName": "g"}}
200 - | {"op": "CreateLogStream", "params": {"logGroupName": "g", "logStreamName": "s"}}
400 ResourceAlreadyExistsException | {"op": "CreateLogGroup", "params": {"logGroupName": "g"}}
400 ResourceNotFoundException | {"op": "CreateLogStream", "params": {"logGroupName": "h", "logStreamName": "s"}}

# signatures
200 - | {"op": "DescribeLogGroups", "key": "AKIDWITHTOKEN:secret:to/k+en=="}
400 UnrecognizedClientException ! | {"op": "DescribeLogGroups", "key": "AKIDWITHTOKEN:secret:token"}
400 UnrecognizedClientException ! | {"op": "DescribeLogGroups", "key": "AKIDWITHTOKEN:secret"}
400 UnrecognizedClientException ! | {"op": "DescribeLogGroups", "key": "AKIDUNKNOWN:secret"}
400 InvalidSignatureException ! | {"op": "DescribeLogGroups", "key": "AKIAIOSFODNN7EXAMPLE:wrong"}
400 InvalidSignatureException ! | {"op": "DescribeLogGroups", "scope": "monitoring"}
400 InvalidSignatureException ! | {"op": "DescribeLogGroups", "region": "nowhere"}
400 IncompleteSignatureException ! | {"op": "DescribeLogGroups", "drop": "X-Amz-Target"}
400 IncompleteSignatureException ! | {"op": "DescribeLogGroups", "drop": "Content-Type"}
400 IncompleteSignatureException ! | {"op": "DescribeLogGroups", "gzip": true, "drop": "Content-Encoding"}
200 - | {"op": "DescribeLogGroups", "clock": 240}
400 InvalidSignatureException ! | {"op": "DescribeLogGroups", "clock": -400, "say": "Signature expired: .* is now earlier than"}
400 InvalidSignatureException ! | {"op": "DescribeLogGroups", "clock": 400, "say": "Signature not yet current"}

# bodies and parameters
200 - | {"op": "DescribeLogGroups", "gzip": true}
400 SerializationException ! | {"op": "DescribeLogGroups", "headers": {"Content-Encoding": "gzip"}}
400 SerializationException ! | {"op": "DescribeLogGroups", "headers": {"Content-Type": "application/json"}}
400 SerializationException ! | {"op": "DescribeLogGroups", "raw": "{"}
400 SerializationException ! | {"op": "DescribeLogGroups", "raw": "[]"}
400 SerializationException ! | {"op": "DescribeLogGroups", "params": {"limit": "5"}}
400 InvalidParameterException ! | {"op": "DescribeLogGroups", "params": {"limit": 51}}
400 InvalidParameterException ! | {"op": "DescribeLogGroups", "params": {"unknown": 1}}
400 UnknownOperationException ! | {"op": "NoSuchOperation"}
400 InvalidParameterException ! | {"op": "CreateLogGroup", "params": {}}
400 InvalidParameterException ! | {"op": "CreateLogGroup", "params": {"logGroupName": "a b"}}
400 InvalidParameterException ! | {"op": "CreateLogGroup", "params": {"logGroupName": "aws/x"}}
400 InvalidParameterException ! | {"op": "CreateLogGroup", "params": {"logGroupName": "x", "logGroupClass": "RARE"}}
200 - | {"op": "CreateLogGroup", "params": {"logGroupName": "x", "logGroupClass": "INFREQUENT_ACCESS"}}
400 InvalidParameterException ! | {"op": "CreateLogStream", "params": {"logGroupName": "g", "logStreamName": "a:b"}}
400 InvalidParameterException ! | {"op": "PutRetentionPolicy", "params": {"logGroupName": "g", "retentionInDays": 2}}
200 - | {"op": "PutRetentionPolicy", "params": {"logGroupName": "x", "retentionInDays": 3}}
200 - | {"op": "CreateLogStream", "params": {"logGroupName": "x", "logStreamName": "s"}}

# PutLogEvents: bytes (26 more for each event), count, length, order, span
400 ResourceNotFoundException | {"params": {"logStreamName": "none"}, "events": [[1, 1, 0]]}
200 - | {"events": [[10000, 78, 0]]}
400 InvalidParameterException ! | {"events": [[10001, 1, 0]]}
200 - | {"events": [[1, 1048550, 0]]}
200 - | {"events": [[1, 1048550, 0]], "gzip": true}
400 InvalidParameterException ! | {"events": [[1, 1048551, 0]]}
400 InvalidParameterException ! | {"events": [[1024, 999, 0]]}
200 - | {"events": [[1024, 998, 0]]}
400 InvalidParameterException ! | {"events": []}
400 InvalidParameterException ! | {"events": [[1, 1, 0], [1, 0, 0]]}
400 InvalidParameterException ! | {"events": [[1, 1, 0], [1, 1, -1]], "say": "chronological"}
200 - | {"events": [[1, 1, -86390], [1, 1, 0]]}
400 InvalidParameterException ! | {"events": [[1, 1, -86410], [1, 1, 0]], "say": "24 hours"}
400 InvalidParameterException ! | {"params": {"logStreamName": "a*"}, "events": [[1, 1, 0]]}
400 SerializationException ! | {"params": {"logGroupName": "g", "logStreamName": "s", "logEvents": [{"timestamp": "NOW", "message": 1}]}}
400 SerializationException ! | {"params": {"logGroupName": "g", "logStreamName": "s", "logEvents": [{"timestamp": 1.5, "message": "a"}]}}
400 InvalidParameterException ! | {"params": {"logGroupName": "g", "logStreamName": "s", "logEvents": [{"timestamp": "NOW", "message": "a", "more": 1}]}}
400 InvalidParameterException ! | {"params": {"logGroupName": "g", "logStreamName": "s", "logEvents": [{"message": "a"}]}}
400 SerializationException ! | {"params": {"logGroupName": "g", "logStreamName": "s", "logEvents": [{"timestamp": "NOW", "message": "\ud800"}]}}

# too old, too new, expired: the rest is taken
200 - | {"events": [[2, 1, -1300000], [1, 1, 0]], "say": "\"tooOldLogEventEndIndex\": 2}"}
200 - | {"events": [[1, 1, 0], [1, 1, 7300]], "say": "{\"tooNewLogEventStartIndex\": 1}"}
200 - | {"params": {"logGroupName": "x"}, "events": [[3, 1, -300000], [1, 1, 0]], "say": "{\"expiredLogEventEndIndex\": 3}"}
E
# Reading goes in pages, from either end.
asking <<'E'
200 - | {"op": "GetLogEvents", "params": {"logGroupName": "g", "logStreamName": "s", "limit": 2, "startFromHead": true}, "say": "\"nextForwardToken\": \"f/0+2\""}
200 - | {"op": "GetLogEvents", "params": {"logGroupName": "g", "logStreamName": "s", "limit": 2}, "say": "\"nextBackwardToken\": \"b/0+11028\""}
200 - | {"op": "GetLogEvents", "params": {"logGroupName": "g", "logStreamName": "s", "nextToken": "f/11030"}, "say": "\"events\": \\[\\]"}
200 - | {"op": "GetLogEvents", "params": {"logGroupName": "g", "logStreamName": "s", "startFromHead": true}, "say": "\"nextForwardToken\": \"f/0+(1|10000|[1-9]...)\""}
E
for name in g x; do stored_count "$name" s; done >"$out"
[[ $(tr '\n' ' ' <"$out") == '11030 1 ' ]] || fail "not so many events are stored"

# An http client that sends what no service takes.
printf 'POST / HTTP/1.1\nHost: a\n\n' >/dev/tcp/127.0.0.1/"$aws_port"
eventually grep -q 'CR LF' "$aws_dir/violations" || fail "a head without CR is taken"
curl -s -o "$out" -H 'Transfer-Encoding: chunked' -d a "$aws_url"
expect_violation 'Transfer-Encoding'
curl -s -o "$out" "$aws_url/elsewhere"
expect_violation 'nowhere: GET /elsewhere'

# Where the server's clock is wrong, the client is not to blame; and old limits can be had.
stop_aws_server
start_aws_server --clock-offset 3600 --event-limit 262144 --error-style header --region eu-west-1
asking <<'E'
400 InvalidSignatureException | {"op": "DescribeLogGroups", "say": "Signature expired"}
200 - | {"op": "DescribeLogGroups", "clock": 3600}
400 InvalidParameterException ! | {"events": [[1, 262145, 0]], "clock": 3600}
400 InvalidSignatureException ! | {"op": "DescribeLogGroups", "region": "us-east-1", "clock": 3600}
E

# For benchmarks the events are only counted.
stop_aws_server
start_aws_server --light
asking <<'E'
200 - | {"events": [[7, 5, 0]], "gzip": true, "stores": 0}
200 - | {"params": {"logGroupName": "g", "logStreamName": "s", "logEvents": [{"timestamp": 1, "message": "\"timestamp\":1"}]}}
400 InvalidSignatureException ! | {"events": [[1, 5, 0]], "key": "AKIAIOSFODNN7EXAMPLE:wrong"}
400 ResourceNotFoundException | {"params": {"logStreamName": "none"}, "events": [[1, 1, 0]]}
E
[[ $(light_count g s) -eq 8 && $(light_batches g s) -eq 2 ]] || fail "not counted: $(aws_control '{}')"
