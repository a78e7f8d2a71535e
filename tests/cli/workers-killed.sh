#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Killing workers at random in a scan of 2,000 files loses no file's line: each has exactly one, a
# file whose worker died says so, and the exit status is 2 if one did.
set -eu
. "$(dirname "$0")/../support/lib.sh"

mkdir t
for ((i = 0; i < 2000; i++)); do echo "file $i" >"t/$i"; done

start_fed -j2 --no-summary
RANDOM=20221203
kills=0
for ((i = 0; i < 2000; i += 50)); do
    feed $(seq -f 't/%g' $i $((i + 49)))
    mapfile -t pids < <(workers "$pid")
    if [[ ${#pids[@]} -gt 0 ]]; then
        kill -KILL "${pids[RANDOM % ${#pids[@]}]}" 2>/dev/null && kills=$((kills + 1))
    fi
    sleep "0.0$((RANDOM % 9))"
done
# And at least one while it has a file for certain: stopped, it cannot answer before it is killed.
echo last >t/last
for ((i = 0; i < 50; i++)); do
    feed t/last
    eventually has_workers "$pid" || fail "no workers"
    stop_workers "$pid"
    feed t/last
    sleep 0.1
    signal_workers KILL "$pid"
    grep -qx 't/last: Scanner crashed ERROR' "$out" && break
    eventually grep -q 't/last' "$out"
done
end_feed

[[ $kills -gt 10 ]] || fail "only $kills workers were killed"
sed 's/: .*//' "$out" | grep -vx t/last | sort >"$scratch/said"
expect_same "$scratch/said" <(seq -f 't/%g' 0 1999 | sort) "files reported and files given"
! grep -qvE ': (OK|Scanner crashed ERROR)$' "$out" || fail "other lines than expected"
expect_match '^t/last: Scanner crashed ERROR$'
expect_status 2
eventually gone "$pid" || fail "workers are left"
