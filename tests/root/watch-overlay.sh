#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Overlays, also those that this mount namespace does not show (containers, an ordinary user's): what
# they show of a watched file system is scanned; what is written through them is not remembered as
# clean; what is told names the file where it lies.
set -eu
. "$(dirname "$0")/../support/lib.sh"
. "$support/watch.sh"
need_watch
need setpriv unshare
m=$scratch/m
home=$m/home
as() { setpriv --reuid=12345 --regid=12345 --clear-groups "$@"; }
mkdir -p "$home/lower/etc" "$home/user" "$home/merged" "$home/up/upper" "$home/up/work"
make_eicar "$home/lower/eicar" "$home/lower/etc/passwd"
echo clean >"$home/lower/clean"
echo clean >"$home/lower/changes"
echo clean >"$home/up/upper/kept"
chmod -R a+rX "$home"
chown 12345 "$home/user"
sleep 0.2
printf '#!/bin/sh\nprintf "%%s\\n" "$CLAM_VIRUSEVENT_FILENAME" >>%s\n' "$scratch/events" >"$scratch/event.sh"
chmod 755 "$scratch/event.sh"
configure <<CONF
VirusEvent $scratch/event.sh
CONF
start_watch
event() { eventually grep -qxF -- "$1" "$scratch/events" || fail "no event for $1: $(cat "$scratch/events")"; }

# A container's: its /etc/passwd is not ours.
mkdir "$scratch/root"
if unshare -m sh -c 'mount -t overlay overlay -o "lowerdir=$1,upperdir=$2/upper,workdir=$2/work" "$3"' - \
    "$home/lower" "$home/up" "$scratch/root" 2>/dev/null; then
    unshare -m sh -c 'mount -t overlay overlay -o "lowerdir=$1,upperdir=$2/upper,workdir=$2/work" /etc &&
        cat /etc/etc/passwd' - "$home/lower" "$home/up" >/dev/null 2>&1 && fail "readable in a container"
    event "$home/lower/etc/passwd"
    ! grep -qx /etc/passwd "$scratch/events" || fail "an event names the machine's own file"

    # Known as clean, then written through an overlay that we do not see: the verdict is gone.
    readable "$home/up/upper/kept"
    readable "$home/up/upper/kept"
    unshare -m python3 - "$home/lower" "$home/up" "$scratch/root" "$home" <<'PY' || fail "an old verdict lets it through"
import subprocess, sys
lower, up, root, home = sys.argv[1:]
subprocess.run(['mount', '-t', 'overlay', 'overlay', '-o',
                f'lowerdir={lower},upperdir={up}/upper,workdir={up}/work', root], check=True)
f = open(root + '/kept', 'r+b')
f.write(b'X5O!P%@AP[4\\PZX54(P^)7CC)7}$' + b'EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*')
f.flush()
for path in (up + '/upper/kept', root + '/kept'):
    try:
        open(path, 'rb').read()
        sys.exit(f'{path} is readable')
    except PermissionError:
        pass
f.close()
PY
fi

# An ordinary user's.
if as unshare -Urm true 2>/dev/null; then
    as mkdir "$home/user/u" "$home/user/w" "$home/user/o"
    as unshare -Urm sh -c 'mount -t overlay overlay -o "lowerdir=$1,upperdir=$2/u,workdir=$2/w" "$2/o" || exit 3
        cat "$2/o/clean" >/dev/null || exit 4
        cat "$2/o/eicar" >/dev/null' - "$home/lower" "$home/user" >/dev/null 2>"$err" && fail "readable on a user's overlay"
    grep -qE 'Operation not permitted|mount' "$err" || fail "another error: $(cat "$err")"
fi

# Ours: a lower file that changes underneath, one that is copied up, one in the upper layer that
# changes underneath.
mount -t overlay overlay -o "lowerdir=$home/lower,upperdir=$home/up/upper,workdir=$home/up/work" "$home/merged" ||
    skip "no overlay can be mounted here"
mounted+=("$home/merged")
make_eicar "$home/merged/new"
eventually sh -c '! cat "$1" >/dev/null 2>&1' - "$home/merged/eicar" || fail "readable on an overlay"
for i in 1 2 3; do readable "$home/merged/changes"; done
make_eicar "$home/lower/changes"
denied "$home/merged/changes"
for i in 1 2 3; do readable "$home/merged/clean"; done
make_eicar "$home/merged/clean"
denied "$home/merged/clean"
denied "$home/merged/new"
echo clean >"$home/merged/later"
for i in 1 2 3; do readable "$home/merged/later"; done
make_eicar "$home/up/upper/later"
denied "$home/merged/later"
denied "$home/up/upper/later"
# Many at once: reader and layers do not wait for each other.
for i in {1..100}; do echo "clean $i" >"$home/merged/m$i"; done
for round in 1 2 3; do
    for i in {1..100}; do timeout 60 cat "$home/merged/m$i" >/dev/null & done
    wait $(jobs -p | grep -vx "$watcher") || fail "a clean file on an overlay is denied"
done
