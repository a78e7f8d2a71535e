#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# No way leads to an infected file below an included path: not a new directory, not a rename, not a
# link, not a mount of anybody's. (Scenarios 1, 4 and 5 of the ten that clamonacc was tried with.)
set -eu
. "$(dirname "$0")/../support/lib.sh"
. "$support/watch.sh"
need_watch
need unshare setpriv
m=$scratch/m
home=$m/home
make_eicar "$home/eicar" "$m/outside/eicar" "$m/outside/linked"
echo clean >"$home/clean"
mkdir -p "$home/old/deep"
make_eicar "$home/old/deep/eicar"
configure </dev/null
start_watch

denied "$home/eicar"
denied "$home/old/deep/eicar"
readable "$home/clean"
readable "$m/outside/eicar"
setpriv --reuid=12345 --regid=12345 --clear-groups cat "$home/eicar" 2>"$err" &&
    fail "an ordinary user can read it"
grep -q 'Operation not permitted' "$err" || fail "another error"
setpriv --reuid=12345 --regid=12345 --clear-groups cat "$home/clean" >/dev/null ||
    fail "an ordinary user cannot read a clean file"
grep -qE "^[A-Z][a-z]{2} [A-Z][a-z]{2} [ 0-9]{2} [0-9:]{8} [0-9]{4} -> $home/eicar: $infected FOUND\$" "$log" ||
    fail "the log has no such line"

# A program is not started. (It is executed as a script of which the first line is the test file.)
chmod 755 "$home/eicar"
("$home/eicar") 2>/dev/null && fail "it can be executed"

# 300 times: make, write, read at once.
python3 - "$home" "$m/outside/eicar" <<'PY' || fail "a new directory has a gap"
import os, shutil, sys
home, sample = sys.argv[1:]
content = open(sample, 'rb').read()
leaked = 0
for i in range(300):
    top = f'{home}/g{i}'
    os.makedirs(top + '/b/c')
    with open(top + '/b/c/eicar', 'wb') as f:
        f.write(content)
    try:
        open(top + '/b/c/eicar', 'rb').read()
        leaked += 1
    except PermissionError:
        pass
sys.exit(leaked)
PY

# From outside, after it was read there (and so may be known there).
mkdir "$m/outside/tree"
make_eicar "$m/outside/tree/eicar" "$m/outside/moved"
for file in tree/eicar moved linked; do readable "$m/outside/$file"; done
sleep 0.3
for file in tree/eicar moved linked; do readable "$m/outside/$file"; done
mv "$m/outside/tree" "$home/tree"
denied "$home/tree/eicar"
mv "$m/outside/moved" "$home/moved"
denied "$home/moved"
ln "$m/outside/linked" "$home/linked"
denied "$home/linked"
# It has several names now: it is inside wherever it is.
denied "$m/outside/linked"
# A path that the kernel cannot name in one page.
python3 - "$home" "$m/outside/eicar" <<'PY' || fail "a long path is readable"
import os, sys
home, sample = sys.argv[1:]
content = open(sample, 'rb').read()
os.chdir(home)
for i in range(40):
    os.mkdir('d' * 200)
    os.chdir('d' * 200)
with open('eicar', 'wb') as f:
    f.write(content)
try:
    open('eicar', 'rb').read()
    sys.exit(1)
except PermissionError:
    pass
PY
logged 'dddd/eicar: '

# Bind mounts: root's, and one that an ordinary user makes in a namespace of its own.
mkdir "$scratch/bound"
mount --bind "$home" "$scratch/bound"
mounted+=("$scratch/bound")
denied "$scratch/bound/eicar"
umount "$scratch/bound"
if setpriv --reuid=12345 --regid=12345 --clear-groups unshare -Urm true 2>/dev/null; then
    chmod 777 "$scratch/bound"
    setpriv --reuid=12345 --regid=12345 --clear-groups unshare -Urm sh -c '
        mount --bind "$1" "$2" && cat "$2/eicar"' - "$home" "$scratch/bound" >/dev/null 2>"$err" &&
        fail "readable through a user's own mount"
    grep -q 'Operation not permitted' "$err" || fail "another error: $(cat "$err")"
fi
# What is left alone.
mkfifo "$home/fifo"
(echo through >"$home/fifo") &
[[ $(timeout 10 cat "$home/fifo") = through ]] || fail "a FIFO does not work"

stop_watch
readable "$home/eicar"
logged '--- Stopped at'
[[ ! -e $sock ]] || fail "the socket is left"
