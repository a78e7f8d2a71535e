#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A file system whose server says nothing (FUSE of an ordinary user's, a network that is gone) hangs
# whoever asks it, but not the rest of the machine; and a gate that hangs is noticed even when the
# main process hangs with it.
set -eu
. "$(dirname "$0")/../support/lib.sh"
. "$support/watch.sh"
need_watch
[[ -c /dev/fuse ]] || skip "there is no /dev/fuse"
m=$scratch/m
home=$m/home
mkdir "$home/mute" "$home/mute2" "$home/log"
make_eicar "$home/eicar"
echo clean >"$home/clean"
cat >"$scratch/mute.py" <<'PY'
"""Mounts FUSE at each directory and never answers."""
import ctypes, os, signal, sys
libc = ctypes.CDLL(None, use_errno=True)
for place in sys.argv[1:]:
    fd = os.open('/dev/fuse', os.O_RDWR)
    options = f'fd={fd},rootmode=40000,user_id=0,group_id=0,allow_other'
    if libc.mount(b'mute', place.encode(), b'fuse.mute', 0, options.encode()):
        sys.exit(f'mount: errno {ctypes.get_errno()}')
print('mounted', flush=True)
signal.pause()
PY
python3 "$scratch/mute.py" "$home/mute" "$home/mute2" >"$scratch/mute.out" 2>&1 &
mute=$!
started+=("$mute")
mounted+=("$home/mute" "$home/mute2")
eventually grep -q . "$scratch/mute.out"
grep -q '^mounted' "$scratch/mute.out" || skip "FUSE cannot be mounted: $(cat "$scratch/mute.out")"
configure <<CONF
OnAccessIncludePath $home/mute/deep
OnAccessExcludePath $home/mute2
CONF
start_watch
denied "$home/eicar"
readable "$home/clean"
# Longer than it takes to notice a gate that hangs: the one of plain file systems is not among them.
plain=$(gates | head -n 1)
sleep 14
denied "$home/eicar"
kill -0 "$plain" 2>/dev/null || fail "the gate of plain file systems was ended"
"$watch" -c "$conf" --ping 1 >/dev/null || fail "the door is closed"
# What hangs elsewhere does not delay its return.
kill -KILL "$plain"
eventually sh -c '! cat "$1" >/dev/null 2>&1' - "$home/eicar" || fail "the gate is not made again"
stop_watch
kill -KILL "$mute" # the kernel lets all go
umount -l "$home/mute" "$home/mute2"

# The gate stands still; the main process opens its log, which is on a watched file system.
configure </dev/null
sed -i "s#^LogFile .*#LogFile $home/log/watch.log#; /mute/d" "$conf"
start_watch
kill -STOP "$(gates)"
mv "$home/log/watch.log" "$home/log/old.log"
kill -USR1 "$(main_pid)"
before=$SECONDS
touch "$home/clean"
timeout 90 cat "$home/clean" >/dev/null || fail "an opener hangs for ever"
[[ $((SECONDS - before)) -lt 45 ]] || fail "it took too long to notice"
eventually sh -c '! cat "$1" >/dev/null 2>&1' - "$home/eicar" || fail "the gate is not made again"
