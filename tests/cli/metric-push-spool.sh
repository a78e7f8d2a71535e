#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What cannot be pushed is kept, said with its count, and pushed by the next run with its own time
# stamp; bounded; what is damaged is said in a line.
# shellcheck source=tests/support/metric-push.sh
. "$(dirname "$0")/../support/metric-push.sh"
start_aws_server
kept=$scratch/kept/pipe
down() { run timeout 60 "$metric_push" --endpoint-url http://127.0.0.1:1 --timeout 1 -q "$@"; }
scan_log() { # TIME...: a detection at each
    printf '%(%a %b %e %H:%M:%S %Y)T -> /a: X FOUND\n' "$@"
}
dated=(--datetime-format '%a %b %d %H:%M:%S %Y' --time-zone UTC)
time_stamps() { # METRIC: of what is not 0
    /usr/bin/python3 -c 'import json, sys
for d in map(json.loads, open(sys.argv[1])):
    if d["name"] == sys.argv[2] and d.get("Value"):
        print(int(d["timestamp"]))' "$aws_dir/metrics.jsonl" "$1" | sort
}

# Two runs of a pipe without a service, then one with it.
now=$(($(date +%s) / 60 * 60))
scan_log $((now - 7200)) $((now - 7199)) | down "${dated[@]}"
expect_one_error 1 "^metric-push: .*VIRUSFOUND 2 in 2 data since .* not pushed: .*: kept in $kept for the next run$"
scan_log $((now - 3600)) | down "${dated[@]}"
expect_one_error 1 "VIRUSFOUND 1 in 2 data .*: kept in $kept for the next run, with 2 data of earlier runs$"
printf '/b: OK\n' | push
expect_status 0
expect_silent
expect_pushed clamav/found VIRUSFOUND 3
printf '%s\n' $((now - 7200)) $((now - 3600)) >"$scratch/wanted"
time_stamps VIRUSFOUND >"$scratch/stamps"
expect_same "$scratch/wanted" "$scratch/stamps" "time stamps"
printf '/b: OK\n' | push
expect_pushed clamav/found VIRUSFOUND 3

# Where nothing can be kept, all is as it was: the count is said. An asked for directory must do.
printf '/a: X FOUND\n' | STATE_DIRECTORY=/dev/null/x down
expect_one_error 1 "VIRUSFOUND 1 at [^ ]* not pushed: .*connect to server$"
printf '/a: X FOUND\n' | push --state-dir /dev/null/x
expect_one_error 1 '^metric-push: state directory /dev/null/x: Not a directory'
printf '/a: X FOUND\n' | STATE_DIRECTORY=/dev/null/x push --metric Nowhere
expect_status 0
expect_silent
# With --tee the status is that of copying.
printf '/a: X FOUND\n' | down --tee --state-dir "$scratch/tee"
expect_one_error 0 "kept in $scratch/tee"

# A followed file: the service away, stopped and killed meanwhile, and back.
found 1 >"$log"
push --file "$log" --once --metric Followed
away=("$metric_push" --endpoint-url http://127.0.0.1:1 --timeout 1 --file "$log" --metric Followed --period 1)
start "${away[@]}"
found 4 >>"$log"
eventually grep -q 'trying again' "$err" || fail "no failure is said"
kill -TERM "$pid"
finish "$pid"
expect_status 1
expect_error "not pushed: .*: kept in $scratch/kept for the next run$"
found 2 >>"$log"
start "${away[@]}"
eventually grep -q 'trying again' "$err" || fail "no failure is said"
kill -KILL "$pid"
finish "$pid"
push --file "$log" --once --metric Followed
expect_status 0
expect_pushed clamav/found Followed 7

# Bounded: the oldest are given up, with their count; nothing is pushed twice or lost besides.
seq $((now - 1000)) $((now - 1)) | mapfile -t seconds
scan_log "${seconds[@]}" >"$scratch/many"
down "${dated[@]}" --period 1 --default 0 --metric Many --state-dir "$scratch/full" --spool-size 64K <"$scratch/many"
expect_status 1
gone=$(sed -nE 's/.*Many ([0-9]+) in [0-9]+ data since .* not pushed: too many wait$/\1/p' "$err")
[[ $gone -gt 100 ]] || fail "what was given up is not said"
[[ $(stat -c %s "$scratch/full/state.mdb") -lt 1000000 ]] || fail "it is not small"
push --state-dir "$scratch/full" --metric Other --period 1 </dev/null
expect_status 0
expect_pushed clamav/found Many $((1000 - gone))

# Damaged: one line. The run's own count is pushed where nobody asked for that directory.
printf '/a: X FOUND\n' | down --metric Damaged
sed -i 's/"times"/"tumes"/g' "$kept/state.mdb"
printf '/a: X FOUND\n' | push --metric Sound
expect_one_error 0 "^metric-push: ERROR: $kept: [12] records are damaged and are left out$"
expect_pushed clamav/found Sound 1
expect_pushed clamav/found Damaged 0
printf '/a: X FOUND\n' | down --metric Damaged
for damage in 'truncate -s 4096' 'truncate -s 100' 'cp /bin/sh'; do
    cp -a "$kept" "$scratch/damaged"
    $damage "$scratch/damaged/state.mdb"
    mkdir "$scratch/d"
    mv "$scratch/damaged" "$scratch/d/pipe"
    printf '/a: X FOUND\n' | STATE_DIRECTORY=$scratch/d push --metric Damaged
    expect_one_error 0 "^metric-push: WARNING: state directory $scratch/d/pipe: .*: what waits there is not pushed now$"
    rm -r "$scratch/d/pipe/lock"
    printf '/a: X FOUND\n' | push --state-dir "$scratch/d/pipe"
    expect_one_error 1 "^metric-push: state directory $scratch/d/pipe: "
    rm -r "$scratch/d"
done
expect_pushed clamav/found Damaged 3
expect_no_violations
