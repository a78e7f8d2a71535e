#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# -d: at once where nothing is live, then when it is asked to or its time has come; ended by TERM.
. "$(dirname "$0")/../support/sigupdate.sh"
put() { printf '%032x:7:Set-%s\n' "$1" "$1" >"$M/a.hdb"; }
live() { grep -q "Set-$1" "$D/a.hdb" 2>/dev/null; }
put 1
write_conf <<<"DatabaseCustomURL file://$M/a.hdb
TestDatabases no
UpdateLogFile $scratch/log
Checks 1"
start "$SIGUPDATE" --config-file="$conf" --update-db=custom -d -F -p "$scratch/pid" --verbose
daemon=$pid
eventually live 1 || fail "no check at once"
[[ $(cat "$scratch/pid") = "$daemon" ]] || fail "no process id"
put 2
kill -USR1 "$daemon"
eventually live 2 || fail "USR1 did not wake it"
put 3
kill -ALRM "$daemon"
eventually live 3 || fail "ALRM did not wake it"
# The log may be moved away at any time; HUP hurts nothing.
mv "$scratch/log" "$scratch/log.1"
kill -HUP "$daemon"
put 4
kill -USR1 "$daemon"
eventually live 4 || fail "HUP ended it"
eventually grep -q 'updated (version' "$scratch/log" || fail "the log was not opened again"
eventually grep -q 'Next check in 86400 s' "$out" || fail "not once a day"
kill -TERM "$daemon"
finish "$daemon"
expect_status 0
expect_match 'Update process terminated'
[[ ! -e $scratch/pid ]] || fail "the pid file is left"

# With something live: not at once, somewhere in the interval.
start "$SIGUPDATE" --config-file="$conf" --update-db=custom -d -F --verbose
eventually grep -qE 'Next check in [0-9]+ s' "$out" || fail "no check is due"
expect_no_match 'update process started'
kill -INT "$pid"
finish "$pid"
expect_status 0

# In the background.
put 5
run "$SIGUPDATE" --config-file="$conf" --update-db=custom -d -p "$scratch/pid"
expect_status 0
eventually test -s "$scratch/pid" || fail "no pid file"
daemon=$(cat "$scratch/pid")
started+=("$daemon")
kill -USR1 "$daemon"
eventually live 5 || fail "the background does not work"
kill -TERM "$daemon"
eventually test ! -e "$scratch/pid" || fail "it does not end"
