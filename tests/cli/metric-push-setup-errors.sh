#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What is wrong in options of commands that set something up is one line, status 2, and nothing is
# called.
# shellcheck source=tests/support/metric-push.sh
. "$(dirname "$0")/../support/metric-push.sh"
start_aws_server
wrong() { # REGEX WORD...
    local regex=$1
    shift
    provision "$@"
    expect_one_error 2 "$regex"
}
wrong '^metric-push: filter: put, list, test or delete comes after it' filter
wrong '^metric-push: alarm show: put, list or delete' alarm show
wrong 'unknown option' setup --no-such
wrong 'is not an option' setup --direct name

wrong 'either this or --direct' setup --email ops@example.com
wrong 'either this or --direct' setup --log-group g --direct
wrong 'goes with --log-group' setup --direct --pattern x
wrong 'goes with --direct' setup --log-group g --dimension a=b
wrong 'log group a b: 1 to 512' setup --log-group 'a b'
wrong 'log group aws/x: must not' setup --log-group aws/x
wrong '--retention=4: never, or one of 1 3 5' setup --log-group g --retention 4
for address in ops ops@ @example.com ops@example 'a b@example.com' 'ops@exa mple.com' a@b@example.com $'o\n@example.com' ops@-example.com; do
    wrong '--email=.*: is no e-mail address' setup --log-group g --email "$address"
done
wrong 'is no PROTOCOL=ENDPOINT' setup --log-group g --subscribe mail
wrong 'the protocol is one of' setup --log-group g --subscribe pigeon=x
wrong 'is no https URL' setup --log-group g --subscribe https=http://example.com
wrong 'is no ARN' setup --log-group g --subscribe sqs=queue
wrong 'is no telephone number' setup --log-group g --subscribe sms=12
wrong 'topic a b: 1 to 256' setup --log-group g --topic 'a b'
wrong 'is no ARN of an SNS topic' setup --log-group g --topic arn:aws:sqs:eu-west-1:123456789012:q
wrong '--wait=0: not a number' setup --log-group g --wait=0
wrong '--wait: cannot be combined with --plan' setup --log-group g --wait --plan
wrong '--delete-log-group: goes with --delete' setup --log-group g --delete-log-group
wrong '--wait: cannot be combined with --delete' setup --log-group g --delete --wait
wrong 'alarm a\\nb: 1 to 255' setup --log-group g --alarm $'a\nb'
wrong '--threshold=x: is no number' setup --log-group g --threshold x
wrong '--tag=aws:x=1: must not begin' setup --log-group g --tag aws:x=1
wrong 'is no NAME=VALUE' setup --log-group g --tag x
wrong 'not a number from 1' setup --log-group g --timeout 0

wrong '^metric-push: FILTER: is missing' filter put --log-group g
wrong '^metric-push: --log-group: is needed' filter put F
wrong '^metric-push: b: one name is enough' filter put a b --log-group g
wrong 'filter a:b: 1 to 512' filter put a:b --log-group g
wrong 'a metric filter takes none with' filter put F --log-group g --metric 'a*'
wrong '--value=many: is neither' filter put F --log-group g --value many
wrong '--value=\$size: ' filter put F --log-group g --value '$size'
wrong '--default=x: is neither a number nor none' filter put F --log-group g --default x
wrong '--dimension=Host=web: needs a field' filter put F --log-group g --dimension Host=web
wrong 'cannot be combined with --dimension' filter put F --log-group g --pattern '[a, b]' --dimension 'A=$a' --default 0
wrong 'three at most' filter put F --log-group g --pattern '[a, b]' --dimension 'A=$a' --dimension 'B=$a' --dimension 'C=$a' --dimension 'D=$a'
wrong 'unit Pieces: is none' filter put F --log-group g --unit Pieces
wrong 'namespace AWS/x' filter put F --log-group g --namespace AWS/x

# A pattern that the service would refuse is pointed at.
pointed() { # PATTERN REGEX
    provision filter put F --log-group g --pattern "$1"
    expect_status 2
    [[ $(wc -l <"$err") -eq 3 ]] || fail "not three lines"
    expect_error '^ *\^$'
    expect_error "^metric-push: --pattern: character $2"
}
pointed '{ $.a = ' '9: '
pointed '{ $.a EXISTS }' '7: '

wrong '^metric-push: ALARM: is missing' alarm put --namespace n
wrong '^metric-push: --namespace: is needed, or --preset' alarm put A
wrong '^metric-push: --threshold: is needed' alarm put A --namespace n --metric m
metric=(--namespace n --metric m --threshold 0)
wrong '--period=45: 10, 20, 30 or a multiple' alarm put A "${metric[@]}" --period 45
wrong 'more than CloudWatch looks back: a day' alarm put A "${metric[@]}" --period 1800 --evaluation-periods 49
wrong 'more than CloudWatch looks back: a week' alarm put A "${metric[@]}" --period 86400 --evaluation-periods 8
wrong '--datapoints=3: 1 to as many' alarm put A "${metric[@]}" --evaluation-periods 2 --datapoints 3
wrong '--statistic=sum: ' alarm put A "${metric[@]}" --statistic sum
wrong '--statistic=p101: ' alarm put A "${metric[@]}" --statistic p101
wrong '--comparison==: one of' alarm put A "${metric[@]}" --comparison =
wrong 'breaching, notBreaching' alarm put A "${metric[@]}" --treat-missing-data bad
wrong '--low-samples: goes with a percentile' alarm put A "${metric[@]}" --low-samples ignore
wrong 'unit Pieces' alarm put A "${metric[@]}" --unit Pieces
wrong 'given before' alarm put A "${metric[@]}" --dimension a=1 --dimension a=2
wrong '\{who\} is none of' alarm put A "${metric[@]}" --dimension 'a={who}'
wrong 'is neither the name of a topic nor an ARN' alarm put A "${metric[@]}" --alarm-action 'a b'
wrong 'five at most' alarm put A "${metric[@]}" --ok-action a --ok-action b --ok-action c --ok-action d --ok-action e --ok-action f
wrong 'is given twice' alarm put A "${metric[@]}" --alarm-action a --alarm-action a
wrong '--preset=none: found, no-scan' alarm put --preset none
wrong "is of a metric's alarm" alarm put A --composite B --period 60
wrong 'is the alarm itself' alarm put A --composite A
wrong 'cannot be combined with --composite' alarm put A --composite B --rule 'ALARM(B)'
wrong '^metric-push: ALARM: is missing' alarm delete
wrong 'cannot be combined with --email' topic delete T --email ops@example.com --force

[[ $(aws_requests '*') -eq 0 ]] || fail "something was called"
