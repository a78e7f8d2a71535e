#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# As many workers as there are CPUs for this process, or as -j says.
set -eu
. "$(dirname "$0")/../support/lib.sh"
! stands_in || skip "clamscan has no workers"
need taskset

for ((i = 0; i < 12; i++)); do head -c 3000000 /dev/zero >"f$i"; done
first=$(taskset -cp $$ | sed 's/.*: //; s/[-,].*//')

run taskset -c "$first" "$SCAN" -d "$db" .
expect_match '\(1 worker\)$'
scan -j3 .
expect_match '\(3 workers\)$'
run taskset -c "$first" "$SCAN" -d "$db" -j2 .
expect_match '\(2 workers\)$'
scan .
expect_match "\\($(nproc) workers?\\)\$"

# And no more of them than that.
start_fed -j2
feed f0 f1 f2 f3 f4 f5 f6
for file in f0 f6; do await_line "$file: OK"; done
[[ $(workers "$pid" | wc -l) -le 2 ]] || fail "more workers than -j says"
end_feed
