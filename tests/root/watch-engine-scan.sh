#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# When scan loads signatures itself, though a resident engine answers: what it was asked to do is
# not what the engine does, or the engine goes away or hangs. Nothing is said, nothing is lost.
set -eu
. "$(dirname "$0")/../support/lib.sh"
. "$support/watch.sh"
need_watch
need strace unshare
[[ $BUILD != */asan ]] || export ASAN_OPTIONS=detect_leaks=0 # ptrace is the leak checker's
home=$scratch/m/home
for i in {1..9}; do echo "clean $i" >"$home/f$i"; done
make_eicar "$home/eicar"
sleep 0.2
configure <<<'LocalSocketMode 666'
start_watch
# A mount namespace in which the daemon's configuration is where scan looks for it.
cat >inside <<'BASH'
set -eu
mkdir -p /etc/clamav
mount -t tmpfs none /etc/clamav
cp "$1" /etc/clamav/clamd.conf
shift
exec "$@"
BASH
[[ ! -e /etc/hostav/onaccess-watch.conf && ! -e /etc/clamd.d/scan.conf && ! -e /etc/clamd.conf ]] ||
    skip "this machine has a configuration of its own"
auto() { # OPTION…: as run, with what was opened in the file trace
    run unshare -m bash inside "$conf" strace -f -e trace=openat,open -o trace "$SCAN" -d "$db" --no-summary "$@"
}
loaded() { grep -q 'test\.ndb' trace; }

auto "$home/f1" "$home/eicar"
expect_status 1
expect_line "$home/eicar: $eicar_found" # the gate is on
! loaded || fail "the resident engine is not used"
expect_silent
for option in --tempdir="$scratch/w" --fail-if-cvd-older-than=10000 --allmatch --max-filesize=5M --heuristic-alerts=no \
    --gen-json --leave-temps --detect-pua --bytecode=no --archive-verbose --alert-encrypted; do
    auto "$option" "$home/f2"
    expect_status 0
    expect_line "$home/f2: OK"
    loaded || fail "$option is not the resident engine's, and it was used"
    run "$SCAN" -d "$db" --engine="$sock" "$option" --no-summary "$home/f2"
    expect_one_error 2 '^scan: .*'
done
# What it does do changes nothing: lines, exit status, actions.
for option in --json --infected --verbose --strict --cross-fs=no --exclude=nothing --jobs=3; do
    auto "$option" "$home/f3"
    expect_status 0
    ! loaded || fail "$option makes scan load signatures"
done

# --nice is the worker's, too.
mkfifo "$scratch/feed"
nice_of() { ps -o ni= -p "$1" | tr -d ' '; }
before=$(pgrep -P "$(engine_pid)" | sort)
start "$SCAN" -d "$db" --engine="$sock" --nice --files0-from="$scratch/feed" --no-summary
exec 9<>"$scratch/feed"
feed "$home/f4"
await_line "$home/f4: OK"
lent=$(comm -13 <(echo "$before") <(pgrep -P "$(engine_pid)" | sort) | head -n 1)
[[ -n $lent ]] || fail "no worker was lent"
[[ $(nice_of "$lent") -eq 19 ]] || fail "the lent worker has nice $(nice_of "$lent")"
end_feed
expect_status 0
rm "$scratch/feed"

# The engine dies in the middle, the daemon lives: the scan goes on with signatures of its own.
mkfifo "$scratch/feed"
# Its worker has a file, and dies with it: no fault of the file's.
before=$(pgrep -P "$(engine_pid)" | sort)
start unshare -m bash inside "$conf" "$SCAN" -d "$db" --files0-from="$scratch/feed" --no-summary --verbose --jobs=1
exec 9<>"$scratch/feed"
feed "$home/f5"
await_line "$home/f5: OK"
lent=$(comm -13 <(echo "$before") <(pgrep -P "$(engine_pid)" | sort))
[[ $lent =~ ^[0-9]+$ ]] || fail "no worker, or several were lent: $lent"
kill -STOP "$lent"
eventually grep -q '^State:.T' "/proc/$lent/status"
feed "$home/f6"
await_line "Scanning $home/f6"
kill -KILL "$(engine_pid)"
logged 'another one is loaded'
await_line "$home/f6: OK"
[[ $(grep -c "^Scanning $home/f6$" "$out") -eq 1 ]] || fail "a file that is tried again is announced again"
for i in 7 8; do feed "$home/f$i"; done
feed "$home/eicar"
for i in 7 8; do await_line "$home/f$i: OK"; done
await_line "$home/eicar: $eicar_found"
end_feed
expect_status 1
expect_silent

# A daemon that hangs is given up.
kill -STOP "$(door)"
started_at=$SECONDS
auto "$home/outside" "$scratch/inside-is-not-there" || true
auto "$scratch/w/inside"
kill -CONT "$(door)"
expect_status 0
loaded || fail "a hanging daemon was used"
[[ $((SECONDS - started_at)) -lt 60 ]] || fail "scan waits for ever for a daemon that hangs"
