#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A file is followed: from its end on, through rotation of every kind, while it is watched and while
# nobody looks; each line counts once.
# shellcheck source=tests/support/metric-push.sh
. "$(dirname "$0")/../support/metric-push.sh"
start_aws_server
total=0
more() { # NUMBER: appends lines, and waits for them
    found "$1" >>"$log"
    total=$((total + $1))
    await_pushed "$total"
}

# Not there yet: said once. What is there at the first start is old, what comes then is not.
follow
eventually grep -q 'clamd.scan: no such file yet$' "$err" || fail "a missing file is not said"
more 3
stop_following
expect_status 0
[[ $(wc -l <"$err") -eq 1 ]] || fail "it says more"
found 5 >"$scratch/old"
push --file "$scratch/old" --metric Old --once --initial-position end_of_file
expect_pushed clamav/found Old 0
found 2 >>"$scratch/old"
push --file "$scratch/old" --metric Old --once
expect_pushed clamav/found Old 2
push --file "$scratch/old" --metric Start --once --state-dir "$scratch/start"
expect_pushed clamav/found Start 7

# Half a line waits for its end, also over a restart.
follow
printf '/half: X FO' >>"$log"
more 0
sleep 1
stop_following
follow
printf 'UND\n' >>"$log"
total=$((total + 1))
await_pushed "$total"
# One process a directory.
run timeout 20 "$metric_push" --endpoint-url "$aws_url" --file "$log"
expect_one_error 1 "^metric-push: state directory $STATE_DIRECTORY: in use by process $pid"
: >"$err"

# Rotated while it is followed.
mv "$log" "$log.1"
found 2 >>"$log.1" # the writer does not know yet
total=$((total + 2))
more 4
cp "$log" "$log.2"
: >"$log"
more 6
kill -HUP "$pid" # as a rotation's last step; changes nothing
more 1
stop_following INT
expect_status 0
expect_silent

# Rotated twice while nobody looks, and compressed.
found 3 >>"$log"
mv "$log" "$log.3"
gzip "$log.3"
found 5 >"$log"
cp "$log" "$log.4"
: >"$log"
total=$((total + 8))
push --file "$log" --once
await_pushed "$total"
if command -v logrotate >/dev/null; then
    for how in create copytruncate; do
        printf '%s {\n rotate 9\n size 1\n nomail\n compress\n delaycompress\n %s\n}\n' "$scratch/rotate/log" \
            "$how" >"$scratch/rotate.conf"
        chmod 600 "$scratch/rotate.conf"
        mkdir "$scratch/rotate"
        found 1 >"$scratch/rotate/log"
        for ((i = 0; i < 4; i++)); do
            found 2 >>"$scratch/rotate/log"
            push --file "$scratch/rotate/log" --metric "$how" --once
            found 3 >>"$scratch/rotate/log"
            logrotate -s "$scratch/rotate.state" "$scratch/rotate.conf"
            [[ -e $scratch/rotate/log ]] || : >"$scratch/rotate/log"
        done
        push --file "$scratch/rotate/log" --metric "$how" --once
        expect_status 0
        expect_pushed clamav/found "$how" 21
        rm -r "$scratch/rotate"
    done
fi

# Wildcards: the newest of them, or all.
mkdir "$scratch/many"
for name in a b; do found 2 >"$scratch/many/$name.log"; done
touch -d '1 hour ago' "$scratch/many/a.log"
push --file "$scratch/many/*.log" --metric Newest --once --state-dir "$scratch/newest"
expect_pushed clamav/found Newest 2
push --file "$scratch/many/*.log" --file "$scratch/old" --metric All --once --follow all --state-dir "$scratch/all"
expect_pushed clamav/found All 11
expect_no_violations
