#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What clamonacc's options do with infected files that were opened: --move, --copy, --remove; never
# with a file of which the name leads elsewhere here.
set -eu
. "$(dirname "$0")/../support/lib.sh"
. "$support/watch.sh"
need_watch
need setpriv unshare
m=$scratch/m
home=$m/home
mkdir "$m/kept" "$home/user"
chmod 755 "$home"
configure </dev/null

make_eicar "$home/one"
start_watch --move="$m/kept"
denied "$home/one"
logged "$home/one: moved to '$m/kept/one'"
[[ ! -e $home/one && -s $m/kept/one ]] || fail "--move moves nothing"
stop_watch

make_eicar "$home/two"
start_watch --copy="$m/kept"
denied "$home/two"
logged "$home/two: copied to '$m/kept/two'"
[[ -s $home/two && -s $m/kept/two ]] || fail "--copy copies nothing"
stop_watch

start_watch --remove
denied "$home/two"
eventually test ! -e "$home/two" || fail "--remove removes nothing"
# A user's own mount calls an infected file as the machine calls another.
chown 12345 "$home/user"
make_eicar "$home/user/precious"
mkdir "$home/place"
echo precious >"$home/place/precious"
chmod -R a+rX "$home"
if setpriv --reuid=12345 --regid=12345 --clear-groups unshare -Urm true 2>/dev/null; then
    setpriv --reuid=12345 --regid=12345 --clear-groups unshare -Urm sh -c '
        mount --bind "$1" "$2" && cat "$2/precious"' - "$home/user" "$home/place" >/dev/null 2>&1 &&
        fail "it is readable through a user's own mount"
    eventually test ! -e "$home/user/precious" || fail "the infected file is not removed"
    [[ $(cat "$home/place/precious") = precious ]] || fail "another file was removed"
fi
