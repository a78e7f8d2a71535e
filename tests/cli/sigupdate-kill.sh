#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Killed at random instants of an update: what is live always loads and is the old set or the new
# one, and the next run succeeds. Half of the 220 kills; sigupdate-kill-more.sh has the others.
. "$(dirname "$0")/../support/sigupdate.sh"
kills=${KILLS:-110}
seed=${KILL_SEED:-1}
# Three databases, so that there is a mixture to be seen; TestDatabases in every fourth round.
content() { # N: version N of all three
    local n name
    n=$1
    for name in a b c; do printf '%032x:%s:Version-%s\n' "$n" "$((n + 7))" "$n" >"$M/$name.hdb"; done
}
live() { cat "$D"/a.hdb "$D"/b.hdb "$D"/c.hdb 2>/dev/null | grep -o 'Version-[0-9]*' | sort -u; }
configure() { # TestDatabases
    write_conf <<<"DatabaseCustomURL file://$M/a.hdb
DatabaseCustomURL file://$M/b.hdb
DatabaseCustomURL file://$M/c.hdb
VitalFile /bin/sh
TestDatabases $1"
}
configure no
content 1
sigupdate --update-db=custom
expect_status 0
start_time=$(date +%s%N)
content 2
sigupdate --update-db=custom
took=$((($(date +%s%N) - start_time) / 1000)) # microseconds
RANDOM=$seed
undone=0
for ((round = 3; round < kills + 3; round++)); do
    before=$(live)
    content "$round"
    limit=$took
    configure no
    if ((round % 16 == 0)); then
        configure yes
        limit=$((took + 900000))
    fi
    setsid "$SIGUPDATE" --config-file="$conf" --no-dns --update-db=custom >"$out" 2>"$err" &
    pid=$!
    sleep "$(printf '0.%06d' $((RANDOM * 32768 % limit + RANDOM % limit / 2)) | head -c 8)"
    kill -KILL -- "-$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
    if [[ -e $D/.hostav/journal ]]; then
        undone=$((undone + 1))
        # What ours loads is whole in spite of it.
        run "$SCAN" --no-summary -d "$D" "$conf"
        [[ $status -eq 0 ]] || fail "scan does not load an interrupted set"
    fi
    ((round % 8 != 0)) || loads
    configure no
    # Recovery alone: an action that fetches nothing.
    run "$SIGUPDATE" --config-file="$conf" --unhold=nothing
    after=$(live)
    [[ $after = "$before" || $after = "Version-$round" ]] ||
        fail "round $round: neither old nor new is live: $before -> $(echo $after)"
    [[ ! -e $D/.hostav/journal ]] || fail "round $round: the journal is still there"
    sigupdate --update-db=custom
    expect_status 0
    [[ $(live) = "Version-$round" ]] || fail "round $round: the next run did not install"
done
echo "$kills kills, $undone of them while files were being replaced"
