#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# SIGINT, SIGTERM and SIGHUP end a scan at once, in the middle of a file too: workers and temporary
# files are gone, and SIGINT prints the summary of what was done until then.
set -eu
. "$(dirname "$0")/../support/lib.sh"

echo clean >good
make_eicar bad
head -c 90000000 /dev/zero >slow
mkdir "$scratch/temporary"

for signal in INT TERM HUP; do
    rm -f "$scratch/feed"
    start_fed -j2 --tempdir="$scratch/temporary"
    feed good bad
    await_line "bad: $eicar_found"
    [[ -n $(workers "$pid") ]] || fail "no workers"
    [[ -n $(find "$scratch/temporary" -mindepth 1) ]] || fail "--tempdir is not used"
    stop_workers "$pid" # they cannot answer before the signal is there
    feed slow good
    kill -"$signal" "$pid"
    eventually gone "$pid" || fail "SIG$signal: not gone"
    end_feed
    [[ $status -ne 0 ]] || fail "SIG$signal: status 0"
    expect_no_line "slow: OK"
    [[ -z $(find "$scratch/temporary" -mindepth 1) ]] || fail "SIG$signal: temporary files are left"
    if [[ $signal = INT ]]; then
        expect_match 'SCAN SUMMARY'
        expect_match '^Infected files: 1$'
    fi
done

# While the database loads too.
start "$SCAN" -d "$db" -r "$scratch/w" "$scratch/w" "$scratch/w"
kill -TERM "$pid"
eventually gone "$pid" || fail "SIGTERM early: not gone"
