#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A writer at full speed, logrotate five times a second in both styles, a server that fails one
# request in three, logship killed again and again: every line arrives, in order, and lines come
# twice only where a kill hit a batch that was on its way. TORTURE_SECONDS (8) of it for each style;
# `make soak` has 60.
# shellcheck source=tests/support/logship.sh
. "$(dirname "$0")/../support/logship.sh"
need logrotate
seconds=${TORTURE_SECONDS:-8}
kills=$((seconds * 50 / 60 + 1))
start_aws_server --lifetime $((seconds * 4 + 300))

ship() { # OPTION…
    run timeout 120 "$logship" --endpoint-url "$aws_url" -c "$scratch/$name.conf" \
        --state-dir "$scratch/$name.ship" "$@"
}
torture() { # NAME LOGROTATE-LINES
    local name=$1 writer killed=0 file
    log=$scratch/$name/app.log
    mkdir "$scratch/$name"
    cat >"$scratch/$name.rotate" <<CONF
$log {
    rotate 10000
    size 1
    missingok
    nomail
$2
}
CONF
    chmod 600 "$scratch/$name.rotate"
    cat >"$scratch/$name.conf" <<CONF
[$name]
file = $log
log_group_name = torture
log_stream_name = $name
batch_size = 60000
CONF
    # What was rotated before logship first saw the file is nobody's.
    echo "$name 000000000 a line of a log as long as they are" >"$log"
    ship --once
    expect_status 0
    fault '{"op": "PutLogEvents", "fault": "internal", "every": 3}'
    "$support/torture-writer.py" "$log" "$seconds" "$name" >"$scratch/$name.written" &
    writer=$!
    while kill -0 "$writer" 2>/dev/null; do
        logrotate -s "$scratch/$name.state" "$scratch/$name.rotate" || true
        sleep 0.2
    done &
    rotor=$!
    while kill -0 "$writer" 2>/dev/null; do
        "$logship" --endpoint-url "$aws_url" -c "$scratch/$name.conf" --state-dir "$scratch/$name.ship" \
            >/dev/null 2>>"$scratch/$name.err" &
        pid=$!
        started+=("$pid")
        sleep "$(awk -v s=$RANDOM 'BEGIN { srand(s); print 0.3 + rand() * 1.5 }')"
        [[ $killed -ge $kills ]] && ! kill -0 "$writer" 2>/dev/null && break
        kill -KILL "$pid"
        wait "$pid" 2>/dev/null || true
        killed=$((killed + 1))
    done
    kill -KILL "$pid" 2>/dev/null || true
    wait "$writer" "$rotor" || true
    no_faults
    ship --once
    expect_status 0
    file=$("$support/torture-judge.py" "$aws_dir" torture "$name" $((killed + 1)) \
        "$(<"$scratch/$name.written")" "$scratch/$name"/app.log*) ||
        fail "$name, $killed kills, $(ls "$scratch/$name" | wc -l) files: $file"
    [[ $(ls "$scratch/$name" | wc -l) -gt 5 ]] || fail "nothing was rotated"
}
torture rename create
torture copy copytruncate
expect_no_violations
