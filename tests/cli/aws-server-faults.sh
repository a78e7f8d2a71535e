#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Every fault of the stand-in for AWS is the one that was asked for, strikes as often as was asked, and
# leaves the batch stored or not as it should. None is recorded as a violation of the client's.
. "$(dirname "$0")/../support/aws.sh"
need_aws_server
start_aws_server

asking() { "$support/aws-request" "$aws_url" "$aws_dir" >"$out" || fail "wrong answers"; }
asking <<'E'
200 - | {"op": "CreateLogGroup", "params": {"logGroupName": "g"}}
200 - | {"op": "CreateLogStream", "params": {"logGroupName": "g", "logStreamName": "s"}}
400 ThrottlingException | {"fault": {"fault": "throttle"}, "stores": 0, "events": [[1, 5, 0]]}
429 ThrottlingException | {"fault": {"fault": "throttle-429"}, "stores": 0, "events": [[1, 5, 0]]}
500 InternalFailure | {"fault": {"fault": "internal"}, "stores": 0, "events": [[1, 5, 0]]}
503 ServiceUnavailableException | {"fault": {"fault": "unavailable", "retry_after": 1}, "stores": 0, "events": [[1, 5, 0]]}
502 - | {"fault": {"fault": "status", "code": 502, "html": true}, "stores": 0, "events": [[1, 5, 0]]}
504 - | {"fault": {"fault": "status", "code": 504}, "stores": 0, "events": [[1, 5, 0]]}
400 UnrecognizedClientException | {"fault": {"fault": "unrecognized-client"}, "stores": 0, "events": [[1, 5, 0]]}
400 InvalidSignatureException | {"fault": {"fault": "skew-expired"}, "stores": 0, "events": [[1, 5, 0]]}
400 InvalidSignatureException | {"fault": {"fault": "skew-future"}, "stores": 0, "events": [[1, 5, 0]]}
400 AccessDeniedException | {"fault": {"fault": "denied"}, "stores": 0, "events": [[1, 5, 0]]}
400 InvalidSequenceTokenException | {"fault": {"fault": "sequence-token"}, "stores": 0, "events": [[1, 5, 0]]}
400 DataAlreadyAcceptedException | {"fault": {"fault": "already-accepted"}, "stores": 1, "events": [[1, 5, 0]]}
400 OperationAbortedException | {"fault": {"fault": "aborted"}, "stores": 0, "events": [[1, 5, 0]]}
400 SerializationException | {"fault": {"fault": "serialization"}, "stores": 0, "events": [[1, 5, 0]]}
413 RequestEntityTooLarge | {"fault": {"fault": "error", "type": "RequestEntityTooLarge", "status": 413}, "stores": 0, "events": [[1, 5, 0]]}
200 - | {"fault": {"fault": "captive"}, "stores": 0, "events": [[1, 5, 0]]}
200 - | {"fault": {"fault": "malformed-json"}, "stores": 1, "events": [[1, 5, 0]]}
307 - | {"fault": {"fault": "redirect", "location": "http://127.0.0.1:1/"}, "stores": 0, "events": [[1, 5, 0]]}
reset | {"fault": {"fault": "reset-before"}, "stores": 0, "events": [[1, 5, 0]]}
reset | {"fault": {"fault": "reset"}, "stores": 0, "events": [[1, 5, 0]]}
reset | {"fault": {"fault": "reset-after"}, "stores": 1, "events": [[1, 5, 0]]}
cut | {"fault": {"fault": "cut"}, "stores": 1, "events": [[1, 5, 0]]}
200 - | {"fault": {"fault": "slow", "seconds": 0.2}, "stores": 1, "events": [[1, 5, 0]]}
200 - | {"fault": {"fault": "trickle", "rate": 500}, "stores": 1, "events": [[1, 5, 0]]}
200 - | {"fault": {"fault": "close"}, "stores": 1, "events": [[1, 5, 0]]}
200 - | {"fault": {"fault": "no-request-id"}, "stores": 1, "events": [[1, 5, 0]]}
silent | {"fault": {"fault": "silent"}, "stores": 0, "events": [[1, 5, 0]], "patience": 0.5}
silent | {"fault": {"fault": "silent-after"}, "stores": 1, "events": [[1, 5, 0]], "patience": 0.5}
200 - | {"fault": {"fault": "rejected-info", "old": 2, "new": 4}, "stores": 2, "events": [[5, 5, 0]]}
# Any fault may be had with or without the effect.
500 - | {"fault": {"fault": "status", "apply": true}, "stores": 1, "events": [[1, 5, 0]]}
200 - | {"fault": {"fault": "slow", "seconds": 0, "apply": false}, "stores": 0, "events": [[1, 5, 0]]}
E

# How often: a count, each third, by chance; other operations are left alone.
fault '{"op": "PutLogEvents", "fault": "throttle", "skip": 1, "count": 2}'
asking <<'E'
200 - | {"op": "DescribeLogGroups"}
200 - | {"events": [[1, 5, 0]]}
400 ThrottlingException | {"events": [[1, 5, 0]]}
400 ThrottlingException | {"events": [[1, 5, 0]]}
200 - | {"events": [[1, 5, 0]]}
E
faults_are_over || fail "a fault is left"
fault '{"fault": "reset-before", "every": 3}'
asking <<'E'
200 - | {"op": "DescribeLogGroups"}
200 - | {"op": "DescribeLogGroups"}
reset | {"op": "DescribeLogGroups"}
200 - | {"op": "DescribeLogGroups"}
E
no_faults
fault '{"fault": "invalid-parameter", "text": "poison", "count": 0}'
asking <<'E'
400 InvalidParameterException | {"params": {"logGroupName": "g", "logStreamName": "s", "logEvents": [{"timestamp": "NOW", "message": "a"}, {"timestamp": "NOW", "message": "poison b"}]}}
200 - | {"params": {"logGroupName": "g", "logStreamName": "s", "logEvents": [{"timestamp": "NOW", "message": "a"}]}}
E
no_faults
fault '{"fault": "throttle", "probability": 0.5, "seed": 7}'
for ((i = 0; i < 30; i++)); do curl -s -o "$out" -X PUT "$imds_url/latest/api/token" \
    -H 'X-aws-ec2-metadata-token-ttl-seconds: 60'; done
n=$(aws_requests imds-token fault=throttle)
[[ $n -gt 5 && $n -lt 25 ]] || fail "$n of 30 for one in two"
no_faults

# A token that has expired stays so, others do not.
aws_control '{"add_key": "AKIDOTHER:secret:token"}' >"$out"
fault '{"fault": "expired-token", "key": "AKIDOTHER"}'
asking <<'E'
200 - | {"op": "DescribeLogGroups"}
400 ExpiredTokenException | {"op": "DescribeLogGroups", "key": "AKIDOTHER:secret:token"}
400 ExpiredTokenException | {"op": "DescribeLogGroups", "key": "AKIDOTHER:secret:token"}
E

# A service that is away for a while.
aws_control '{"refuse": 1.5}' >"$out"
run curl -s "$aws_url/"
expect_status 7
is_back() { curl -s -o "$out" "$aws_url/_control"; }
eventually is_back || fail "it does not come back"
expect_no_violations
