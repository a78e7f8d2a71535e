#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Two updaters never fight: the second says who is at work and ends with status 20; so with a
# freshclam, and a log that a freshclam has locked.
. "$(dirname "$0")/../support/sigupdate.sh"
start_mirror
printf '%032x:7:Harmless\n' 7 >"$M/a.hdb"
write_conf <<<"DatabaseCustomURL $mirror/a.hdb
ReceiveTimeout 60"
sed -i '/^ReceiveTimeout 2$/d' "$conf"
fault 'a.hdb hang'
start "$SIGUPDATE" --config-file="$conf" --update-db=custom
first=$pid
eventually grep -q hang "$requests" || fail "the first did not begin"
sigupdate --update-db=custom --json
expect_status 20
expect_error "ERROR: $D: another sigupdate \(process $first\) is at work on it"
expect_match '"result":"locked","status":20'
for action in --rollback --hold=a=1 --import=/dev/null; do
    sigupdate "$action"
    expect_status 20
done
# What is for three in the morning does not wait.
sigupdate --allow="$(printf '%064d' 7):7"
expect_status 0
[[ -s $D/hostav-allow.sfp ]] || fail "not allowed"
sigupdate --list
expect_status 0
# A signal ends it, and it was never here.
kill -TERM "$first"
finish "$first"
[[ $status -eq 143 ]] || fail "status $status after TERM"
eventually gone "$first" || fail "children are left"
no_faults
sigupdate --update-db=custom
expect_status 0

[[ -x $FRESHCLAM ]] || skip "freshclam is not installed (all but the last part has passed)"
fault 'b.hdb hang'
cp "$M/a.hdb" "$M/b.hdb"
printf '%s\n' "DatabaseDirectory $D" "DatabaseOwner $account" "DatabaseMirror $mirror" \
    "DatabaseCustomURL $mirror/b.hdb" "UpdateLogFile $scratch/shared.log" >"$scratch/theirs.conf"
: >"$requests"
setsid "$FRESHCLAM" --config-file="$scratch/theirs.conf" --no-dns --update-db=custom \
    >"$scratch/freshclam-out" 2>&1 &
theirs=$!
started+=("$theirs")
disown "$theirs"
eventually grep -q hang "$requests" || fail "freshclam did not begin"
sigupdate --update-db=custom
expect_status 20
expect_error "a freshclam \(process $theirs\) is at work"
# On another directory, but with the same log.
D=$scratch/other
mkdir "$D"
write_conf <<<"DatabaseCustomURL file://$M/a.hdb
UpdateLogFile $scratch/shared.log"
sigupdate --update-db=custom
expect_status 13
expect_error 'is locked by another process'
