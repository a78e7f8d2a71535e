#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A bind-mounted file is scanned once and reported under every path; proc and its kind are left
# out, by their type, unless they are named.
set -eu
. "$(dirname "$0")/../support/lib.sh"
need_root
! stands_in || skip "clamscan knows /proc only"
need unshare
unshare -m true 2>/dev/null || skip "no mount namespace to be had"

mkdir -p t/real t/again t/pseudo/proc t/pseudo/sys
make_eicar t/real/bad
echo clean >t/real/good

cat >inside <<'BASH'
set -eu
mount --bind t/real t/again
mount -t proc proc t/pseudo/proc
mount -t sysfs sysfs t/pseudo/sys 2>/dev/null || true
exec "$@"
BASH
run unshare -m bash inside "$SCAN" -d "$db" -r t
expect_status 1
for place in real again; do
    expect_line "t/$place/bad: $eicar_found"
    expect_line "t/$place/good: OK"
done
expect_match '^t/pseudo/proc: Excluded \(.*proc.*\)$'
expect_no_match '^t/pseudo/proc/'
expect_no_match '^t/pseudo/sys/'

# Named, it is entered.
run unshare -m bash inside "$SCAN" -d "$db" t/pseudo/proc
expect_match '^t/pseudo/proc/[a-z]+'

# The second name of a bind mount needs no worker.
mkfifo "$scratch/feed"
start unshare -m bash inside "$SCAN" -d "$db" -j1 --files0-from="$scratch/feed"
exec 9<>"$scratch/feed"
feed t/real/good t/real/bad
await_line "t/real/bad: $eicar_found"
stop_workers "$pid"
feed t/again/good t/again/bad
await_line "t/again/good: OK"
await_line "t/again/bad: $eicar_found"
signal_workers CONT "$pid"
end_feed
expect_status 1
