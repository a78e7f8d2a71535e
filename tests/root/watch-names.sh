#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Names that somebody else may choose: a link where an excluded path was, paths of another mount
# namespace, files without a name, names longer than a message.
set -eu
. "$(dirname "$0")/../support/lib.sh"
. "$support/watch.sh"
need_watch
need setpriv unshare
m=$scratch/m
home=$m/home
as() { setpriv --reuid=12345 --regid=12345 --clear-groups "$@"; }
mkdir -p "$home/user/build" "$home/user/etc" "$home/rooted"
make_eicar "$home/eicar" "$home/user/build/eicar" "$home/user/etc/passwd" "$home/rooted/eicar"
ln -s rooted "$home/link"
chown -R 12345 "$home/user"
chmod -R a+rX "$home"
printf '#!/bin/sh\nprintf "%%s\\n" "$CLAM_VIRUSEVENT_FILENAME" >>%s\n' "$scratch/events" >"$scratch/event.sh"
chmod 755 "$scratch/event.sh"
configure <<CONF
OnAccessExcludePath $home/user/build
OnAccessExcludePath $home/link
VirusEvent $scratch/event.sh
CONF
start_watch
event() { eventually grep -qxF -- "$1" "$scratch/events" || fail "no event for $1: $(cat "$scratch/events")"; }

# What is excluded is a path of the administrator's: his links are followed, an ordinary user's are
# not, or he would exclude what he likes.
readable "$home/user/build/eicar"
readable "$home/rooted/eicar"
denied "$home/eicar"
as mv "$home/user/build" "$home/user/was"
as ln -s "$home" "$home/user/build"
sleep 2 # looked at each second
denied "$home/eicar"
denied "$home/user/was/eicar"

# A user's own mounts make paths that mean another file here: nothing is told that could be taken for
# that one.
if as unshare -Urm true 2>/dev/null; then
    as unshare -Urm sh -c 'mount --bind "$1" /etc && cat /etc/passwd' - "$home/user/etc" >/dev/null 2>&1 &&
        fail "readable through a user's own mount"
    event "$home/user/etc/passwd"
    logged "-> $home/user/etc/passwd: $infected FOUND"
    ! grep -qx /etc/passwd "$scratch/events" || fail "an event names the machine's own file"
    ! grep -q -- '-> /etc/passwd: ' "$log" || fail "the log names the machine's own file"
    # Nothing here leads to that file any more.
    as unshare -Urm sh -c 'mount --bind "$1" /etc && exec 3</dev/null && rm "$2" && cat /etc/passwd' - \
        "$home/user/etc" "$home/user/etc/none" >/dev/null 2>&1 || true
fi

# A file that never had a name, and one that has none any more.
python3 - "$home" "$home/eicar" <<'PY' || fail "a file without a name is readable"
import os, sys
home = sys.argv[1]
content = b'X5O!P%@AP[4\\PZX54(P^)7CC)7}$' + b'EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*'
def again(fd):
    try:
        os.read(os.open(f'/proc/self/fd/{fd}', os.O_RDONLY), 10)
        sys.exit('readable')
    except PermissionError:
        pass
fd = os.open(home, os.O_TMPFILE | os.O_RDWR, 0o600)
os.write(fd, content)
again(fd)
fd = os.open(home + '/gone', os.O_CREAT | os.O_RDWR, 0o600)
os.unlink(home + '/gone')
os.write(fd, content)
again(fd)
PY

# A name too long for one message: it is denied, and said.
python3 - "$home" <<'PY' || fail "a very long path is readable"
import os, sys
content = b'X5O!P%@AP[4\\PZX54(P^)7CC)7}$' + b'EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*'
os.chdir(sys.argv[1])
for i in range(1100):
    os.mkdir('L' * 200)
    os.chdir('L' * 200)
with open('longest', 'wb') as f:
    f.write(content)
try:
    open('longest', 'rb').read()
    sys.exit(1)
except PermissionError:
    pass
PY
logged "/longest: $infected FOUND"
