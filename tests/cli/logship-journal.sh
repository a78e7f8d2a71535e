#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# systemd's journal as a source, in journal files of the test's own: by unit and by identifier, from
# where it was left off, binary messages, long ones in pieces, through a spool.
# shellcheck source=tests/support/logship.sh
. "$(dirname "$0")/../support/logship.sh"
remote=/lib/systemd/systemd-journal-remote
[[ -x $remote ]] || remote=/usr/lib/systemd/systemd-journal-remote
[[ -x $remote ]] || skip "systemd-journal-remote is not installed"
start_aws_server
journal=$scratch/journal
mkdir "$journal"
at=$(($(date +%s) - 600))
entry() { # UNIT IDENTIFIER MESSAGE
    at=$((at + 1))
    printf '__REALTIME_TIMESTAMP=%s000000\n__MONOTONIC_TIMESTAMP=%s000000\n_BOOT_ID=0123456789abcdef0123456789abcdef\n' "$at" "$at"
    printf '_SYSTEMD_UNIT=%s\nSYSLOG_IDENTIFIER=%s\n_PID=4711\nMESSAGE=%s\n\n' "$1" "$2" "$3"
}
# (Through a file: a pipe would make entry forget its clock.)
write() { # NAME: entries from stdin into a journal file
    "$remote" -o "$journal/$1.journal" - >/dev/null 2>"$scratch/remote" || fail "no journal: $(cat "$scratch/remote")"
}
{
    entry ssh.service sshd 'login 1'
    entry cron.service cron 'job 1'
    entry ssh.service sshd 'login 2'
    entry clamav.service clamd '/home/x: Eicar-Signature FOUND'
} >entries
write a <entries
from_journal() { # STREAM OPTION...
    ship --journal --journal-directory "$journal" --group J --stream "$1" --once --state-dir "$state.$1" "${@:2}"
    expect_status 0
}
from_journal all
expect_stored J all 'login 1' 'job 1' 'login 2' '/home/x: Eicar-Signature FOUND'
stored_stamps J all | sed -n 1p | grep -qx "$((at - 3))000" || fail "time stamps: $(stored_stamps J all)"
from_journal unit --unit ssh.service
expect_stored J unit 'login 1' 'login 2'
from_journal either --unit ssh.service --identifier clamd
expect_stored J either 'login 1' 'login 2' '/home/x: Eicar-Signature FOUND'

# From where it was left off, also when the files have changed.
entry ssh.service sshd 'login 3' >entries
write b <entries
from_journal all
expect_stored J all 'login 1' 'job 1' 'login 2' '/home/x: Eicar-Signature FOUND' 'login 3'
from_journal end --initial-position end_of_file
[[ $(stored_count J end) -eq 0 ]] || fail "the end is not the end"

# Nothing is written down before it is delivered.
entry ssh.service sshd 'login 4' >entries
write c <entries
fault '{"op": "PutLogEvents", "fault": "internal", "count": 0}'
ship --journal --journal-directory "$journal" --group J --stream unit --once --state-dir "$state.unit" \
    --unit ssh.service --timeout 1
expect_status 1
no_faults
from_journal unit --unit ssh.service
expect_stored J unit 'login 1' 'login 2' 'login 3' 'login 4'

# --status says how far it is behind, of the journal and of the spool, without a configuration.
behind() { # STATE REGEX: what --status says of it
    run timeout 20 "$logship" --status --state-dir "$state.$1"
    expect_match "$2"
}
behind all 'journal .*: behind 1 events, [0-9]+ seconds'
run timeout 20 "$logship" --status --json --state-dir "$state.all"
expect_match '"journal":".*","behind_events":1,"behind_seconds":[0-9]+'

# A resident, with a spool between: what the journal loses meanwhile is not lost.
fault '{"op": "PutLogEvents", "fault": "internal", "count": 0}'
start "$logship" --endpoint-url "$aws_url" --journal --journal-directory "$journal" --group J --stream spool \
    --state-dir "$state.spool" --spool "$scratch/spool"
spooled() { grep -aq 'login 4' "$scratch/spool"/*.spool 2>/dev/null; }
eventually spooled || fail "nothing is spooled"
kill -KILL "$pid"
finish "$pid"
rm "$journal"/*.journal
no_faults
from_journal spool --spool "$scratch/spool"
expect_stored J spool 'login 1' 'job 1' 'login 2' '/home/x: Eicar-Signature FOUND' 'login 3' 'login 4'
behind spool "spool $scratch/spool: behind 0 bytes"

# A full disk (a limit of file sizes) is no end of a resident: it is said, and tried again.
need prlimit
{
    entry ssh.service sshd 'small'
    entry ssh.service sshd "$(head -c 30000 /dev/zero | tr '\0' y)"
} >entries
write big <entries
start bash -c "ulimit -S -f 10 && exec '$logship' --endpoint-url '$aws_url' --journal --journal-directory '$journal' --group J \
    --stream full --state-dir '$state.full' --spool '$scratch/spool.full'"
full() { grep -q 'ERROR: spool: File too large' "$err"; }
eventually full || fail "nothing is said of the full disk"
prlimit --pid "$pid" --fsize=unlimited:
eventually has_stored J full 2 || fail "it is not tried again: $(cat "$err")"
stop_ship
expect_status 0
[[ $(stored_count J full) -eq 2 ]] || fail "something came twice"
run timeout 60 bash -c "ulimit -S -f 10 && exec '$logship' --endpoint-url '$aws_url' --journal --journal-directory '$journal' \
    --group J --stream full --state-dir '$state.once' --spool '$scratch/spool.once' --once --timeout 1"
expect_status 1
expect_error 'ERROR: spool: File too large'
rm "$journal"/big.journal

# --once has an end, however fast somebody writes: what comes after its start is for the next run.
for i in 1 2 3; do entry b.service b "before $i"; done >entries
write before <entries
fault '{"op": "PutLogEvents", "fault": "internal", "count": 0}'
start "$logship" --endpoint-url "$aws_url" --journal --journal-directory "$journal" --group J --stream once --once \
    --state-dir "$state.ends" --unit b.service
failing() { grep -q 'trying again' "$err"; }
eventually failing || fail "nothing is sent"
entry b.service b after >entries
write after <entries
no_faults
finish "$pid"
expect_status 0
expect_stored J once 'before 1' 'before 2' 'before 3'
for _ in 1 2; do
    ship --journal --journal-directory "$journal" --group J --stream once --once --state-dir "$state.ends" --unit b.service
    expect_status 0
    expect_stored J once 'before 1' 'before 2' 'before 3' after
done
rm "$journal"/{before,after}.journal

# More than an event may have.
entry a.service a "$(head -c 2500000 /dev/zero | tr '\0' x)" >entries
write long <entries
from_journal long
[[ $(stored_count J long) -eq 3 ]] || fail "$(stored_count J long) pieces"
expect_no_violations
run timeout 20 "$logship" --journal --journal-directory "$scratch/none" --group J --stream none --once --state-dir "$state.none"
expect_one_error 1 'none'
