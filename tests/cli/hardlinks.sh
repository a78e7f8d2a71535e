#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A file with several names is scanned once and reported under each of them. Shown with a worker
# that cannot scan: stopped, it still does not keep the second name waiting.
set -eu
. "$(dirname "$0")/../support/lib.sh"

mkdir t
make_eicar t/bad
echo clean >t/good
for name in b c; do
    ln t/bad "t/bad-$name"
    ln t/good "t/good-$name"
done

scan -r t
expect_status 1
for name in '' -b -c; do
    expect_line "t/bad$name: $eicar_found"
    expect_line "t/good$name: OK"
done
expect_match '^Scanned files: 6$'
expect_match '^Infected files: 3$'

start_fed -j1 --timeout=300
feed t/bad t/good
await_line "t/good: OK"
stop_workers "$pid"
feed t/bad-b t/good-b t/bad-c
await_line "t/bad-b: $eicar_found"
await_line "t/good-b: OK"
await_line "t/bad-c: $eicar_found"
signal_workers CONT "$pid"
end_feed
expect_status 1

# Changed in between, it is scanned again.
rm "$scratch/feed"
start_fed -j1
feed t/good
await_line "t/good: OK"
make_eicar t/good-b # writes to the same inode
feed t/good-c
await_line "t/good-c: $eicar_found"
end_feed
expect_status 1

# An action on one name leaves the others for their turn.
scan -r --remove t
expect_count 6 ': Removed\.$'
[[ -z $(ls t) ]] || fail "left: $(ls t)"
