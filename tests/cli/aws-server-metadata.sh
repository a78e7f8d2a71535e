#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The stand-in's metadata service in all its modes, the container's credential endpoint, and roles
# that are assumed.
. "$(dirname "$0")/../support/aws.sh"
need_aws_server
start_aws_server

ask() { # STATUS PATH [CURL-OPTION...]: the body goes to $out
    local wanted=$1 path=$2
    shift 2
    run curl -sS -o "$scratch/body" -w '%{http_code}' --max-time 20 "$@" "$imds_url$path"
    expect_line "$wanted"
    cp "$scratch/body" "$out"
}
ttl=(-X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60')
id=/latest/meta-data/instance-id
role=/latest/meta-data/iam/security-credentials/
imds() { aws_control "{\"imds\": $1}" >/dev/null; }
token() {
    ask 200 /latest/api/token "${ttl[@]}"
    with=(-H "X-aws-ec2-metadata-token: $(cat "$out")")
}

# Version 2 only, as instances are today.
token
ask 200 $id "${with[@]}"
expect_line i-0123456789abcdef0
ask 200 /latest/dynamic/instance-identity/document "${with[@]}"
expect_match '"region": "eu-west-1"'
ask 404 /latest/meta-data/nothing "${with[@]}"
ask 401 $id
expect_no_violations
ask 401 $id -H 'X-aws-ec2-metadata-token: forged'
expect_violation 'imds: a metadata token that was never given'
ask 400 /latest/api/token -X PUT
expect_violation 'imds-token: .*ttl-seconds'
ask 403 /latest/api/token "${ttl[@]}" -H 'X-Forwarded-For: 10.0.0.1'
expect_violation 'through a proxy'
imds '{"token_ttl": 0}' # it has run out when it comes
token
ask 401 $id "${with[@]}"
imds '{"token_ttl": 60}'

# Credentials stay until they are rotated, and are taken by the services.
token
ask 200 $role "${with[@]}"
expect_line test-role
ask 200 ${role}test-role "${with[@]}"
cp "$out" "$scratch/first"
ask 200 ${role}test-role "${with[@]}"
expect_same "$scratch/first" "$out" "credentials of one role"
imds '{"renew": true, "expires": 900}'
ask 200 ${role}test-role "${with[@]}"
! cmp -s "$scratch/first" "$out" || fail "not rotated"
key=$(python3 -c 'import json, sys
keys = json.load(sys.stdin)
print(keys["AccessKeyId"], keys["SecretAccessKey"], keys["Token"], sep=":")' <"$out")
"$support/aws-request" "$aws_url" "$aws_dir" >"$out" <<E || fail "issued credentials are not taken"
200 - | {"op": "DescribeLogGroups", "key": "$key"}
400 InvalidSignatureException ! | {"op": "DescribeLogGroups", "key": "${key/:/:x}"}
E
: >"$aws_dir/violations"
imds '{"renew": true, "expires": -10}' # what a metadata service with trouble hands out
ask 200 ${role}test-role "${with[@]}"
imds '{"role": null}'
ask 404 $role "${with[@]}"

# Other modes.
imds '{"mode": "v1-only"}'
ask 200 $id
ask 404 /latest/api/token "${ttl[@]}"
imds '{"mode": "v1-and-v2"}'
ask 200 $id
imds '{"mode": "disabled"}'
ask 403 /latest/api/token "${ttl[@]}"
imds '{"mode": "hop-limit"}'
run curl -sS --max-time 1 "${ttl[@]}" "$imds_url/latest/api/token"
expect_status 28

# Containers.
ask 401 /container/credentials
expect_violation 'container: Authorization: None'
ask 200 /container/credentials -H 'Authorization: container-token'
expect_match '"AccessKeyId": "ASIA'

# Roles: what is signed, and the one call that is not.
aws_control '{"sts": {"roles": ["arn:aws:iam::123456789012:role/good"]}}' >/dev/null
"$support/aws-request" "$aws_url" "$aws_dir" >"$out" <<'E' || fail "wrong answers"
200 - | {"service": "sts", "form": {"Action": "GetCallerIdentity", "Version": "2011-06-15"}}
200 - | {"service": "sts", "say": "<SecretAccessKey>", "form": {"Action": "AssumeRole", "Version": "2011-06-15", "RoleArn": "arn:aws:iam::123456789012:role/good", "RoleSessionName": "test"}}
403 AccessDenied | {"service": "sts", "form": {"Action": "AssumeRole", "Version": "2011-06-15", "RoleArn": "arn:aws:iam::123456789012:role/bad", "RoleSessionName": "test"}}
400 ValidationError ! | {"service": "sts", "form": {"Action": "AssumeRole", "Version": "2011-06-15", "RoleSessionName": "test"}}
403 InvalidClientTokenId ! | {"service": "sts", "key": "AKID:wrong", "form": {"Action": "GetCallerIdentity", "Version": "2011-06-15"}}
400 InvalidAction ! | {"service": "sts", "form": {"Action": "Nothing", "Version": "2011-06-15"}}
E
: >"$aws_dir/violations"
web() { curl -sS --data-urlencode "WebIdentityToken=$1" -d Action=AssumeRoleWithWebIdentity \
    -d Version=2011-06-15 -d RoleArn=arn:aws:iam::123456789012:role/good -d RoleSessionName=session \
    "$aws_url" >"$out"; }
web web-identity-token
expect_match '<AccessKeyId>ASIA'
web other-token-altogether
expect_match '<Code>InvalidIdentityToken<'
expect_no_violations
