#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# --iam-policy prints JSON without calling anything, and what it allows is what the command calls: no
# action less, and none more than another state of things would need.
# shellcheck source=tests/support/metric-push.sh
. "$(dirname "$0")/../support/metric-push.sh"
start_aws_server

# Actions of a policy, sorted.
actions() { # WORD...
    run "$metric_push" "$@" --iam-policy
    expect_status 0
    expect_silent
    /usr/bin/python3 -c 'import json, sys
policy = json.load(open(sys.argv[1], encoding="utf-8"))
assert policy["Version"] == "2012-10-17"
for statement in policy["Statement"]:
    assert statement["Effect"] == "Allow" and statement["Resource"]
    action = statement["Action"]
    print(*([action] if isinstance(action, str) else action), sep="\n")' "$out" | sort -u
}
# What the service was asked for since the last time, as actions.
seen=0
called() {
    /usr/bin/python3 - "$aws_dir/requests" "$seen" <<'E2' | sort -u
import json, sys
logs = 'LogGroup', 'MetricFilter', 'RetentionPolicy'
for line in list(open(sys.argv[1], encoding='utf-8'))[int(sys.argv[2]):]:
    operation = json.loads(line)['op']
    service = 'logs' if any(word in operation for word in logs) else 'cloudwatch' if 'Alarm' in operation else 'sns'
    print(f'{service}:{operation}')
E2
    seen=$(wc -l <"$aws_dir/requests")
}
# A command calls exactly what its policy allows, but for ACTIONs, which another state would need.
expect_exact() { # "ACTION..." WORD...
    local more=$1
    shift
    actions "$@" >"$scratch/allowed"
    called >/dev/null
    provision "$@" -q
    [[ $status -eq 0 || $status -eq 3 ]] || fail "status $status"
    { called; for action in $more; do echo "$action"; done; } | sort -u >"$scratch/called"
    expect_same "$scratch/allowed" "$scratch/called" "allowed and called actions of $*"
}
expect_exact 'sns:ListSubscriptionsByTopic' setup --log-group g --email ops@example.com --plan
expect_exact '' setup --log-group g --email ops@example.com
expect_exact 'logs:CreateLogGroup logs:PutMetricFilter logs:PutRetentionPolicy sns:CreateTopic sns:Subscribe cloudwatch:PutMetricAlarm' \
    setup --log-group g --email ops@example.com
expect_exact 'logs:TagResource sns:TagResource cloudwatch:TagResource' \
    setup --log-group tagged --tag a=b --topic tagged --alarm tagged --email ops@example.com
expect_exact 'sns:TagResource cloudwatch:TagResource sns:Subscribe' setup --direct --tag a=b --topic direct --alarm direct --email ops@example.com
expect_exact '' topic list
expect_exact '' topic list clamavfound
expect_exact 'sns:GetTopicAttributes sns:SetTopicAttributes' topic put new --display-name x --email ops@example.com
expect_exact '' alarm put second --preset found --alarm-action clamavfound
expect_exact '' alarm put any --composite 'ClamAV VIRUS FOUND'
expect_exact '' alarm list
expect_exact '' filter put F --log-group g
expect_exact '' filter list --log-group g
expect_exact '' filter delete F --log-group g
expect_exact '' alarm delete any second
expect_exact '' setup --log-group g --delete --delete-log-group
expect_exact '' topic delete tagged --force

# As narrow as can be said; what IAM would take for a wildcard is none.
run env -u AWS_REGION -u AWS_DEFAULT_REGION "$metric_push" alarm delete 'all * of ?' --iam-policy
expect_match '"arn:aws:cloudwatch:\*:\*:alarm:all \$\{\*\} of \$\{\?\}"'
run "$metric_push" filter delete F --log-group g --region cn-north-1 --iam-policy
expect_match '"arn:aws-cn:logs:cn-north-1:\*:log-group:g"'
expect_match '"arn:aws-cn:logs:cn-north-1:\*:log-group:g:\*"'
run "$metric_push" --namespace 'a/"b"' --iam-policy </dev/null
expect_match '"Action": "cloudwatch:PutMetricData"'
expect_match '"StringEquals": \{"cloudwatch:namespace": "a/\\"b\\""\}'
