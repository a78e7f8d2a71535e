#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Started by root, workers are another user without capabilities, chrooted, without new privileges
# and under a seccomp filter, and hold no descriptor of the parent's but their own socket.
set -eu
. "$(dirname "$0")/../support/lib.sh"
need_root

echo clean >good
head -c 60000000 /dev/zero >slow
mkdir "$scratch/temporary"
start_fed -j2 --log=log
feed good slow good slow
await_line "good: OK"
eventually has_workers "$pid" || fail "no workers"
for worker in $(workers "$pid"); do
    caged() { [[ $(awk '/^Seccomp:/ { print $2 }' "/proc/$worker/status") = 2 ]]; }
    eventually caged || fail "worker has no seccomp filter"
    state=/proc/$worker/status
    grep -qE '^Uid:.([1-9][0-9]*)(.\1){3}$' "$state" || fail "worker is root: $(grep Uid "$state")"
    grep -qE '^Gid:.([1-9][0-9]*)(.\1){3}$' "$state" || fail "worker's group: $(grep Gid "$state")"
    grep -qE '^Groups:\s*$' "$state" || fail "worker has groups: $(grep Groups "$state")"
    grep -qE '^NoNewPrivs:.1$' "$state" || fail "worker may gain privileges"
    for set in Inh Prm Eff Bnd Amb; do
        [[ $set = Bnd ]] || grep -qE "^Cap$set:.0+\$" "$state" || fail "worker has capabilities ($set)"
    done
    root=$(readlink "/proc/$worker/root")
    [[ $root != / && -d $root ]] || fail "worker is not chrooted"
    # What else is open than its socket, its directory and the file it scans.
    for link in /proc/"$worker"/fd/*; do
        target=$(readlink "$link") || continue
        case $target in
        /dev/null | socket:* | "$root"* | "$PWD/slow" | "$PWD/good" | /proc/*) ;;
        *) fail "worker holds ${link##*/} -> $target" ;;
        esac
    done
    echo "$root" >>roots
done
end_feed
expect_status 0
while IFS= read -r root; do [[ ! -e $root ]] || fail "$root is left"; done <roots
