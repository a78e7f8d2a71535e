#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Started by root: what uses the network is DatabaseOwner for good, the databases are that account's,
# what loads them in the proof is nobody's; another account can use what it finds.
. "$(dirname "$0")/../support/sigupdate.sh"
need_root
owner=nobody # an account that is everywhere
group=$(id -gn "$owner")
chmod 755 "$scratch"
chown "$owner:$group" "$D"
start_mirror
printf '%032x:7:Harmless\n' 7 >"$M/a.hdb"
write_conf <<<"DatabaseCustomURL $mirror/a.hdb
OnUpdateExecute id -u >$D/hook; id -G >>$D/hook"
sed -i "s/^DatabaseOwner.*/DatabaseOwner $owner/; s/^ReceiveTimeout.*/ReceiveTimeout 60/" "$conf"

fault 'a.hdb hang'
start "$SIGUPDATE" --config-file="$conf" --update-db=custom
eventually grep -q hang "$requests" || fail "nothing is asked"
child=$(pgrep -P "$pid") || fail "no child"
uid=$(id -u "$owner")
[[ $(awk '/^Uid:/ { print $2, $3, $4, $5 }' "/proc/$child/status") = "$uid $uid $uid $uid" ]] ||
    fail "the network is not $owner's: $(grep -E '^[UG]id' "/proc/$child/status")"
[[ $(awk '/^CapEff:/ { print $2 }' "/proc/$child/status") = 0000000000000000 ]] || fail "capabilities"
[[ $(awk '/^Uid:/ { print $3 }' "/proc/$pid/status") -eq $uid ]] || fail "we do not act as $owner"
kill -TERM "$pid"
finish "$pid"
no_faults

sigupdate --update-db=custom
expect_status 0
[[ $(find "$D" ! -user "$owner" | wc -l) -eq 0 ]] || fail "not all is $owner's: $(find "$D" ! -user "$owner")"
[[ $(head -n 1 "$D/hook") -eq $uid ]] || fail "OnUpdateExecute ran as $(head -n 1 "$D/hook")"
! grep -qw 0 "$D/hook" || fail "OnUpdateExecute kept a group of root's"
loads

# A vital file that only root may read is looked at all the same.
mkdir -m 700 "$scratch/vital"
echo 'for root alone' >"$scratch/vital/key"
chmod 600 "$scratch/vital/key"
printf '%s:%s:Bad-Key\n' "$(md5sum <"$scratch/vital/key" | cut -d' ' -f1)" \
    "$(stat -c %s "$scratch/vital/key")" >"$M/a.hdb"
sigupdate --update-db=custom --vital-dir="$scratch/vital"
expect_status 8
expect_error "condemns $scratch/vital/key"
# Allowed, exported and imported by root.
sigupdate --allow="$scratch/vital/key" --reason=ours
expect_status 0
mkdir -m 700 "$scratch/private"
sigupdate --export="$scratch/private/set"
expect_status 0
rm "$D/a.hdb" "$D/.hostav/current"
sigupdate --import="$scratch/private/set"
expect_status 0
[[ $(stat -c '%U %a' "$D/a.hdb") = "$owner 644" ]] || fail "imported as $(stat -c '%U %a' "$D/a.hdb")"

# A second, ordinary account can look, and can change nothing.
run setpriv --reuid=12345 --regid=12345 --clear-groups "$SIGUPDATE" --config-file="$conf" --update-db=custom
expect_status 10
[[ $(wc -l <"$err") -eq 1 ]] || fail "not one line"

# As DatabaseOwner himself, everything works too.
printf '%032x:8:Other\n' 8 >"$M/a.hdb"
run setpriv --reuid="$uid" --regid="$(id -g "$owner")" --clear-groups \
    "$SIGUPDATE" --config-file="$conf" --no-dns --update-db=custom
expect_status 0
cmp -s "$M/a.hdb" "$D/a.hdb" || fail "not updated"
