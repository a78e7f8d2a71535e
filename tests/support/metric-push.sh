# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What the tests of metric-push source: the stand-in for AWS (aws.sh), the tool, what it pushed.

# shellcheck source=tests/support/aws.sh
# shellcheck disable=SC2034,SC2154 # some are for the tests only, some of lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/aws.sh"
shopt -s lastpipe # `printf … | push` leaves its status here
metric_push=$BUILD/metric-push
program=metric-push
# What is kept, is kept here, whoever runs the test.
export STATE_DIRECTORY=$scratch/kept

# Runs it to its end against the server: push OPTION...
push() { run timeout 120 "$metric_push" --endpoint-url "$aws_url" "$@"; }
# Likewise a command that sets something up: provision setup OPTION...
provision() { run timeout 120 "$metric_push" "$@" --endpoint-url "$aws_url"; }
# How many calls so far have changed something at AWS.
changing_calls() {
    local operation sum=0
    for operation in Create Put Set Subscribe Unsubscribe Delete; do
        sum=$((sum + $(aws_requests "$operation*")))
    done
    echo "$sum"
}
# The ARN of a topic of that name.
topic_arn() { # NAME
    aws_cli sns list-topics
    grep -o "arn:aws:sns:[^:]*:[0-9]*:$1\$" "$out" || fail "no topic $1"
}

# Of a metric that was pushed: Sum and SampleCount.
pushed() { # NAMESPACE METRIC
    /usr/bin/python3 -c 'import json, sys
total = count = 0
for line in open(sys.argv[1], encoding="utf-8"):
    datum = json.loads(line)
    if [datum["namespace"], datum["name"]] == sys.argv[2:]:
        values = datum.get("Values") or [datum["Value"]]
        counts = datum.get("Counts") or [1] * len(values)
        total += sum(v * c for v, c in zip(values, counts))
        count += sum(counts)
print(f"{total:g} {count:g}")' "$aws_dir/metrics.jsonl" "$@"
}
expect_pushed() { # NAMESPACE METRIC SUM
    local got
    got=$(pushed "$1" "$2")
    [[ ${got% *} = "$3" ]] || fail "$2 is ${got% *}, not $3"
}
# A file that is followed: lines in it, and the tool on it.
log=$scratch/clamd.scan
found() { # NUMBER: so many lines that match, and some that do not; all different, as in a log
    local i
    for ((i = 0; i < $1; i++)); do printf '%s /f: X FOUND\n/FOUND/g: OK\n' "$EPOCHREALTIME"; done
}
follow() { # OPTION...: starts it; its pid is in $pid
    start "$metric_push" --endpoint-url "$aws_url" --period 1 --file "$log" "$@"
}
stop_following() { # [SIGNAL]
    kill "-${1:-TERM}" "$pid"
    finish "$pid"
}
has_pushed() { # SUM
    local got
    got=$(pushed clamav/found VIRUSFOUND)
    [[ ${got% *} = "$1" ]]
}
await_pushed() { # SUM
    eventually has_pushed "$1" || fail "VIRUSFOUND is $(pushed clamav/found VIRUSFOUND), not $1"
}
