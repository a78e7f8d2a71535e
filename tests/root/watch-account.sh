#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The guide's User and LocalSocketGroup may not exist here: the daemon runs all the same, its door as
# an account that is not root, its socket for root alone. Where they exist they are what counts.
set -eu
. "$(dirname "$0")/../support/lib.sh"
need_root
need setpriv getent
watch=$BUILD/onaccess-watch
chmod 755 "$scratch" "$scratch/w"
sock=$scratch/w/sock
as_nobody() { setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; }

begin() { # options from stdin
    {
        printf 'LocalSocket %s\nDatabaseDirectory %s\nLocalSocketMode 660\n' "$sock" "$db"
        cat
    } >conf
    chmod 644 conf
    start timeout 60 "$watch" -c conf
    eventually "$watch" -c conf --ping 1 >/dev/null 2>&1 || fail "it does not start"
}
end() {
    kill "$pid"
    finish "$pid"
}
socket_is() { [[ $(stat -c '%a %U %G' "$sock") = "$1" ]] || fail "the socket is $(stat -c '%a %U %G' "$sock"), not $1"; }
# The door listens, and holds no directory of workers.
door_uid() {
    local main child
    main=$(pgrep -P "$pid" -x onaccess-watch)
    for child in $(pgrep -P "$main"); do
        readlink /proc/"$child"/fd/* 2>/dev/null | grep -q hostav-scan ||
            awk '/^Uid:/ { print $2, $3, $4 }' /proc/"$child"/status
    done
}

missing=hostav-no-such-account
! getent passwd $missing >/dev/null || skip "there is an account $missing"
begin <<<"User $missing"
expect_error "WARNING: .*User $missing: there is no such account here"
socket_is '600 root root'
uid=$(door_uid)
[[ $uid =~ ^([0-9]+)\ ([0-9]+)\ ([0-9]+)$ && ${BASH_REMATCH[1]} -ne 0 ]] || fail "the door is '$uid'"
[[ ${BASH_REMATCH[1]} = "${BASH_REMATCH[2]}" && ${BASH_REMATCH[1]} = "${BASH_REMATCH[3]}" ]] || fail "the door can go back: '$uid'"
as_nobody "$watch" -c conf --ping 1 >/dev/null 2>&1 && fail "somebody else may connect"
end

# Only the group is missing: its mode would be for a group that nobody chose.
begin <<<$'User nobody\nLocalSocketGroup '$missing
expect_error "WARNING: .*LocalSocketGroup $missing: there is no such group here: only root may connect"
socket_is '600 root root'
[[ $(door_uid) = '65534 65534 65534' ]] || fail "the door is not User"
end

begin <<<$'User nobody\nLocalSocketGroup daemon'
socket_is '660 nobody daemon'
[[ $(door_uid) = '65534 65534 65534' ]] || fail "the door is not User"
[[ ! -s $err ]] || fail "a warning where nothing is wrong"
as_nobody "$watch" -c conf --ping 1 >/dev/null 2>&1 || fail "User may not connect"
end
