#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The log is shared: it is written although clamd holds its lock, by several scans at once, goes on
# in the new file after rotation, and has the time where it had the time before.
set -eu
. "$(dirname "$0")/../support/lib.sh"
! stands_in || skip "clamscan locks its log"
need python3

make_eicar bad
echo clean >good

# Locked as clamd locks it, for the whole run.
python3 -c 'import fcntl, sys
log = open("locked.log", "a")
fcntl.lockf(log, fcntl.LOCK_EX)
print("locked", flush=True)
sys.stdin.read()' < <(exec sleep 300) >held &
holder=$!
started+=("$holder")
eventually grep -q locked held || fail "cannot lock"
scan --log=locked.log bad good
expect_status 1
expect_silent
grep -qxF "bad: $eicar_found" locked.log || fail "nothing in a locked log"
! grep -q 'good' locked.log || fail "OK is logged"
kill "$holder"

# Rotated while the scan runs.
start_fed --log=rotated.log
feed bad
await_line "bad: $eicar_found"
eventually grep -qF "bad: $eicar_found" rotated.log || fail "not logged at once"
mv rotated.log rotated.log.1
cp bad bad2
feed bad2
await_line "bad2: $eicar_found"
end_feed
grep -qxF "bad2: $eicar_found" rotated.log || fail "not in the new log"
! grep -q bad2 rotated.log.1 || fail "in the old log"
grep -q 'Infected files: 2' rotated.log || fail "no summary in the new log"
[[ $(stat -c %a rotated.log) = 640 ]] || fail "the new log's mode"

# Time stamps where the log has them.
echo 'Thu Dec 15 15:42:03 2022 -> /somewhere/file: Some.Name FOUND' >timed.log
scan --log=timed.log bad good
stamp='^[A-Z][a-z]{2} [A-Z][a-z]{2} [ 0-9]{2} [0-9:]{8} [0-9]{4} -> '
grep -qE "${stamp}bad: ${eicar_found//./\\.}\$" timed.log || fail "no time stamp"
! tail -n +2 timed.log | grep -v '^$' | grep -qvE "$stamp" || fail "lines without a time"
[[ $(head -n 1 timed.log) = *'Some.Name FOUND' ]] || fail "the log was not appended to"

# Many writers, whole lines.
mkdir many
for ((i = 0; i < 200; i++)); do make_eicar "many/$i"; done
writers=()
for ((i = 0; i < 3; i++)); do
    "$SCAN" -d "$db" -r --no-summary --log=shared.log many >/dev/null 2>&1 &
    writers+=($!)
done
for writer in "${writers[@]}"; do wait "$writer" || true; done
[[ $(grep -cxE "many/[0-9]+: ${eicar_found//./\\.}" shared.log) -eq 600 ]] || fail "lines are lost or torn"
[[ $(grep -c FOUND shared.log) -eq 600 ]] || fail "lines are torn"

# Never through a symbolic link.
ln -s elsewhere link.log
scan --log=link.log bad
expect_one_error 2 link.log
[[ ! -e elsewhere ]] || fail "written through a link"

# The usual way to say: no log.
scan --no-summary --log=/dev/null good
expect_status 0
