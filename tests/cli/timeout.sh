#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A worker that does not answer within --timeout costs its file and nothing else.
set -eu
. "$(dirname "$0")/../support/lib.sh"

echo one >one
echo two >two
echo three >three
make_eicar bad

start_fed -j1 --timeout=2
feed one
await_line 'one: OK'
old=$(workers "$pid")
stop_workers "$pid"
feed two
await_line 'two: Timed out ERROR'
feed three bad
await_line 'three: OK'
await_line "bad: $eicar_found"
[[ $(workers "$pid") != "$old" ]] || fail "the same worker"
[[ ! -d /proc/$old ]] || fail "the worker that hung is still there"
end_feed
expect_status 1 # infected wins
expect_match '^Total errors: 1$'

# -i does not hide a lost file, and the log has it.
rm "$scratch/feed"
start_fed -j1 --timeout=2 -i --log=log
feed bad
await_line "bad: $eicar_found"
stop_workers "$pid"
feed two
await_line 'two: Timed out ERROR'
end_feed
grep -qx 'two: Timed out ERROR' log || fail "not logged"

# The exit status is 2 when nothing worse is to be said.
rm "$scratch/feed"
start_fed -j1 --timeout=2
feed one
await_line 'one: OK'
stop_workers "$pid"
feed two
end_feed
expect_line 'two: Timed out ERROR'
expect_status 2
