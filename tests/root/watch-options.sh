#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The OnAccess options mean what they say: exclusions by path, pattern and user, sizes, which
# accesses are gated, reporting only. (Scenarios 2, 3 and 10.)
set -eu
. "$(dirname "$0")/../support/lib.sh"
. "$support/watch.sh"
need_watch
need setpriv
m=$scratch/m
home=$m/home
as() { setpriv --reuid="$1" --regid=65534 --clear-groups "${@:2}"; }
mkdir -p "$home/excluded/deep" "$home/excluded-not" "$home/build"
make_eicar "$home/eicar" "$home/excluded/deep/eicar" "$home/excluded-not/eicar" "$home/build/x.o" "$home/x.c"
chmod -R a+rX "$home"
nobody=$(id -u nobody)

configure <<CONF
OnAccessExcludePath $home/excluded
OnAccessExcludePattern \\.o\$
OnAccessExcludeUname nobod
OnAccessExcludeUname nobody
OnAccessExcludeUID 12345
CONF
start_watch
logged 'OnAccessExcludeUname nobod: there is no such account here'
denied "$home/eicar"
readable "$home/excluded/deep/eicar"
denied "$home/excluded-not/eicar"
readable "$home/build/x.o"
denied "$home/x.c"
as "$nobody" cat "$home/eicar" >/dev/null || fail "an excluded name is not excluded"
as 12345 cat "$home/eicar" >/dev/null || fail "an excluded number is not excluded"
as 12346 cat "$home/eicar" >/dev/null 2>&1 && fail "another user is excluded"
stop_watch

# clamonacc takes `nob` for nobody.
configure <<CONF
OnAccessExcludeUname nob
CONF
start_watch
as "$nobody" cat "$home/eicar" >/dev/null 2>&1 && fail "a prefix of a name excludes"
# Any size up to MaxFileSize: 6 MiB by default, not beyond a limit that is asked for.
head -c 6291456 /dev/zero >"$home/large"
eicar | dd of="$home/large" conv=notrunc status=none
printf 'x' >"$home/tail" # the signature is at the start only
denied "$home/large"
# One clean file, opened and read twice: one scan, not one an access.
before=$(count scans)
printf 'abc' >"$home/three"
sleep 0.2
python3 -c 'import sys
f = open(sys.argv[1], "rb"); f.read(1); f.read(1); f.close(); open(sys.argv[1], "rb").read()' "$home/three"
[[ $(($(count scans) - before)) -eq 1 ]] || fail "$(($(count scans) - before)) scans of one file"
stop_watch

configure <<CONF
OnAccessMaxFileSize 1M
OnAccessExcludeRootUID yes
CONF
start_watch
readable "$home/eicar"
as 12346 cat "$home/eicar" >/dev/null 2>&1 && fail "root's exclusion is everybody's"
as 12346 cat "$home/large" >/dev/null || fail "OnAccessMaxFileSize is not heeded"
[[ $(count too-large) -ge 1 ]] || fail "it was not counted"
# A process that is not dumpable looks like root's in /proc.
as 12346 python3 -c 'import ctypes, sys
ctypes.CDLL(None).prctl(4, 0)
open(sys.argv[1]).read()' "$home/eicar" 2>/dev/null && fail "excluded by not being dumpable"
stop_watch

# Only execution is gated.
cp /bin/true "$home/program"
printf 'Test-Program:0:*:%s\n' "$(head -c 2000 /bin/true | tail -c 32 | od -An -v -tx1 | tr -d ' \n')" >"$db/program.ndb"
configure <<CONF
OnAccessEvents exec close-write
CONF
start_watch
readable "$home/eicar"
"$home/program" 2>/dev/null && fail "an infected program runs"
make_eicar "$home/written"
logged "$home/written: $infected FOUND"
stop_watch
rm "$db/program.ndb"

# Prevention off: reported, not stopped.
sed -i 's/^OnAccessPrevention.*/OnAccessPrevention no/; /OnAccessEvents/d' "$conf"
start_watch
readable "$home/eicar"
logged "$home/eicar: $infected FOUND"
"$watch" -c "$conf" --status | grep -q '^State: reporting' || fail "--status does not say so"
stop_watch

# One event kind at a time.
sed -i 's/^OnAccessPrevention.*/OnAccessPrevention yes/' "$conf"
cp "$conf" "$scratch/before.conf"
echo 'OnAccessEvents open' >>"$conf"
start_watch
denied "$home/eicar"
python3 -c 'import socket, sys
s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); s.listen()
c = socket.socket(socket.AF_UNIX); c.settimeout(10); c.connect(sys.argv[1])' "$home/s" || fail "sockets"
stop_watch
cp "$scratch/before.conf" "$conf"
echo 'OnAccessEvents close-write' >>"$conf"
start_watch
readable "$home/eicar"
make_eicar "$home/closed"
logged "$home/closed: $infected FOUND"
stop_watch
cp "$scratch/before.conf" "$conf"

# Reporting only, nobody waits: one who opens faster than files are scanned does not fill the
# kernel's memory, and what was remembered is not trusted after a loss.
sed -i 's/^OnAccessPrevention.*/OnAccessPrevention no/' "$conf"
mkdir "$home/flood"
python3 -c 'import sys
for i in range(20000): open(f"{sys.argv[1]}/{i}", "w").write("x")' "$home/flood"
start_watch
kill -STOP "$(gates)"
python3 -c 'import sys
for i in range(20000): open(f"{sys.argv[1]}/{i}").close()' "$home/flood"
kill -CONT "$(gates)"
logged 'the kernel has lost events: too many at once'
readable "$home/eicar"
logged "$home/eicar: $infected FOUND"
rm -r "$home/flood"
stop_watch

# Whole mounts, reported.
sed -i "s#^OnAccessIncludePath.*#OnAccessMountPath $m/outside#" "$conf"
make_eicar "$m/outside/eicar"
start_watch
readable "$m/outside/eicar"
logged "$m/outside/eicar: $infected FOUND"
readable "$home/eicar" # the whole mount
logged "$home/eicar: $infected FOUND"
