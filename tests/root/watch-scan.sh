#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# scan uses the resident engine: no loading, the same answers; its clean verdicts become marks; root's
# scan is not stopped by the gate; with other signatures or options it falls back without a word.
set -eu
. "$(dirname "$0")/../support/lib.sh"
. "$support/watch.sh"
need_watch
need setpriv strace
[[ $BUILD != */asan ]] || export ASAN_OPTIONS=detect_leaks=0 # ptrace is the leak checker's
home=$scratch/m/home
mkdir "$home/tree"
for i in {1..30}; do echo "clean $i" >"$home/tree/f$i"; done
make_eicar "$home/tree/eicar"
sleep 0.2
configure </dev/null
echo 'LocalSocketMode 666' >>"$conf"
start_watch

run "$SCAN" -d "$db" --engine="$sock" -r --no-summary "$home/tree"
expect_status 1
expect_line "$home/tree/eicar: $eicar_found"
expect_count 30 ': OK$'
sort "$out" >resident
# Nothing was loaded for it.
run strace -f -e trace=openat,open -o trace "$SCAN" -d "$db" --engine="$sock" --no-summary "$home/tree/f1"
expect_status 0
! grep -q 'test\.ndb' trace || fail "signatures were loaded"
# Marks: the next readers raise no event. (The list of what is open is told to one gate.)
marked() { [[ $(count marks) -ge 30 ]]; }
eventually marked || fail "clean verdicts became $(count marks) marks"
events=$(count events)
for i in {1..30}; do readable "$home/tree/f$i"; done
[[ $(count events) -eq $events ]] || fail "files that a scan found clean are asked about"
denied "$home/tree/eicar"
[[ $(count registered) -ge 31 ]] || fail "the scan's opens did not pass"
# JSON, digests and quarantine need the worker's whole report.
run "$SCAN" -d "$db" --engine="$sock" --json --no-summary "$home/tree/eicar"
expect_match '"sha256":"275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f"'

# An ordinary user: stopped at what is infected, as by any open.
chmod 755 "$home" "$home/tree"
run setpriv --reuid=12345 --regid=12345 --clear-groups "$SCAN" -d "$db" --engine="$sock" --no-summary "$home/tree/f2"
expect_status 0
run setpriv --reuid=12345 --regid=12345 --clear-groups "$SCAN" -d "$db" --engine="$sock" --no-summary "$home/tree/eicar"
[[ $status -ne 0 ]] || fail "it passes the gate"

# Other options, other signatures: a named engine is refused, the automatic choice is silent.
run "$SCAN" -d "$db" --engine="$sock" --max-filesize=5M "$home/tree/f1"
expect_one_error 2 'has other signatures or options'
mkdir other && echo 'Other:0:*:6f74686572' >other/other.ndb
run "$SCAN" -d other --engine="$sock" "$home/tree/f1"
expect_one_error 2 'has other signatures or options'
run "$SCAN" -d "$db" --engine=/nonexistent/socket "$home/tree/f1"
expect_one_error 2 '/nonexistent/socket'
# In a mount namespace where the daemon's configuration is where it belongs.
cat >inside <<'BASH'
set -eu
mount -t tmpfs none /etc/clamav 2>/dev/null || { mkdir -p /etc/clamav; mount -t tmpfs none /etc/clamav; }
cp "$1" /etc/clamav/clamd.conf
shift
exec "$@"
BASH
if [[ -d /etc/clamav && ! -e /etc/hostav/onaccess-watch.conf && ! -e /etc/clamd.d/scan.conf && ! -e /etc/clamd.conf ]] &&
    unshare -m true 2>/dev/null; then
    run unshare -m bash inside "$conf" strace -f -e trace=openat,open -o trace "$SCAN" -d "$db" --no-summary "$home/tree/f1"
    expect_status 0
    ! grep -q 'test\.ndb' trace || fail "auto does not use the resident engine"
    run unshare -m bash inside "$conf" "$SCAN" -d "$db" -r --max-filesize=5M --no-summary "$home/tree"
    expect_status 1 # loaded here, and registered all the same
    expect_line "$home/tree/eicar: $eicar_found"
    sort "$out" | diff - resident || fail "the answers differ"
    run unshare -m bash inside "$conf" strace -f -e trace=openat,open -o trace "$SCAN" -d "$db" --engine=local --no-summary "$home/tree/f1"
    grep -q 'test\.ndb' trace || fail "local does not load"
fi

# The door dies in the middle: the scan goes on with an engine of its own.
mkfifo "$scratch/feed"
start "$SCAN" -d "$db" --engine="$sock" --files0-from="$scratch/feed" --no-summary
exec 9<>"$scratch/feed"
feed "$home/tree/f1"
await_line "$home/tree/f1: OK"
kill -TERM "$(main_pid)"
wait "$watcher" || true
watcher=
feed "$home/tree/f2"
exec 9>&-
finish "$pid"
# A named engine has no substitute: the file is an error, never clean.
[[ $status -eq 2 ]] || fail "status $status after the engine had gone"
