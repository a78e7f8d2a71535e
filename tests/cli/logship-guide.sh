#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The guide's two configuration files, but for paths: the FOUND lines are in group `clamav`, in a
# stream called as the instance, with the time stamps of the lines; Debian's aws reads them back.
# shellcheck source=tests/support/logship.sh
. "$(dirname "$0")/../support/logship.sh"
need_aws_cli
start_aws_server --region ap-southeast-1
configure </dev/null
cat >"$scratch/awscli.conf" <<'CONF'
[plugins]
cwlogs = cwlogs
[default]
region = ap-southeast-1
CONF
unset AWS_REGION AWS_DEFAULT_REGION
use_imds
instance=$(curl -s --noproxy '*' -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' "$imds_url/latest/api/token" |
    xargs -I{} curl -s --noproxy '*' -H 'X-aws-ec2-metadata-token: {}' "$imds_url/latest/meta-data/instance-id")
[[ $instance = i-* ]] || fail "the stand-in has no instance: $instance"

{ found_line /home/a 7200; found_line '/home/b c' 3600; echo 'a line without a time'; } >"$log"
run timeout 60 "$logship" -c "$conf" --aws-config "$scratch/awscli.conf" --endpoint-url "$aws_url" \
    --state-dir "$state" --once
expect_status 0
expect_quiet
stored clamav "$instance" >"$scratch/got"
expect_same "$log" "$scratch/got" "lines"
# To the second, as the lines have them (TZ is UTC here); the third inherits the second's.
stored_stamps clamav "$instance" >"$scratch/stamps"
while IFS= read -r line; do
    case $line in
    *' -> '*) at=$(date -d "${line%% -> *}" +%s)000 ;;
    esac
    echo "$at"
done <"$log" >"$scratch/wanted"
expect_same "$scratch/wanted" "$scratch/stamps" "time stamps"

# What was shipped is not shipped again; what is new is.
found_line /home/d >>"$log"
run timeout 60 "$logship" -c "$conf" --aws-config "$scratch/awscli.conf" --endpoint-url "$aws_url" \
    --state-dir "$state" --once
expect_status 0
stored clamav "$instance" >"$scratch/got"
expect_same "$log" "$scratch/got" "lines after a second run"
expect_no_violations

export AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY
aws_cli --region ap-southeast-1 logs get-log-events --log-group-name clamav --log-stream-name "$instance" \
    --start-from-head --query 'events[].message'
expect_status 0
tr '\t' '\n' <"$out" >"$scratch/read"
expect_same "$log" "$scratch/read" "lines as aws reads them"
