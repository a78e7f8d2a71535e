#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# --nice: only idle CPU and disk time, for scan and its workers.
set -eu
. "$(dirname "$0")/../support/lib.sh"
! stands_in || skip "clamscan has no --nice"
need ionice

echo clean >good
start_fed --nice
feed good
await_line 'good: OK'
for process in "$pid" $(workers "$pid"); do
    [[ $(ionice -p "$process") = idle ]] || fail "I/O class of $process: $(ionice -p "$process")"
    policy=$(ps -o cls=,ni= -p "$process")
    [[ $policy =~ IDL|19 ]] || fail "CPU class of $process: $policy"
done
end_feed
expect_status 0
