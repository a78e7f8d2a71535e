#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Whom an update is told: Debian's clamd by its socket, the administrator's commands, programs by
# --json, the log as freshclam writes it.
. "$(dirname "$0")/../support/sigupdate.sh"
put() { printf '%032x:7:Set-%s\n' "$1" "$1" >"$M/a.hdb"; }
configure() {
    write_conf <<<"DatabaseCustomURL file://$M/a.hdb
VitalFile /bin/sh
TestDatabases no
UpdateLogFile $scratch/log
LogTime yes
$1"
}

# Commands: by the shell, their output relayed, their failures a warning; EXIT_1.
put 1
configure "OnUpdateExecute echo updated by \$0; exit 3
OnErrorExecute touch $scratch/error"
sigupdate --update-db=custom
expect_status 0
expect_match 'updated by sh'
expect_error '^WARNING: .*OnUpdateExecute: the command ended with status 3'
[[ ! -e $scratch/error ]] || fail "OnErrorExecute ran"
rm -f "$scratch/ran"
sigupdate --update-db=custom --on-update-execute="touch $scratch/ran"
[[ ! -e $scratch/ran ]] || fail "OnUpdateExecute ran without an update"
put 2
sigupdate --update-db=custom --on-update-execute=EXIT_1
expect_status 1
rm "$M/a.hdb"
sigupdate --update-db=custom
expect_status 11
[[ -e $scratch/error ]] || fail "OnErrorExecute did not run"

# The log.
t='[A-Z][a-z]{2} [A-Z][a-z]{2} [ 0-9]{2} [0-9:]{8} [0-9]{4}'
grep -qE "^$t -> ClamAV update process started at $t$" "$scratch/log" || fail "no start in the log"
grep -qE "^$t -> a.hdb updated \(version: custom database, sigs: 1\)$" "$scratch/log" ||
    fail "no update in the log"
grep -qE "^$t -> ERROR: .*a.hdb: cannot be read" "$scratch/log" || fail "no error in the log"
grep -qE "^$t -> --------------------------------------$" "$scratch/log" || fail "no line of dashes"
[[ $(stat -c %a "$scratch/log") = 640 ]] || fail "the log's mode"
# Larger than LogFileMaxSize: put aside under ClamAV's kind of name.
mkdir "$scratch/logs"
put 3
write_conf <<<"DatabaseCustomURL file://$M/a.hdb
TestDatabases no
LogFileMaxSize 10
UpdateLogFile $scratch/logs/update.log"
sigupdate --update-db=custom
expect_status 0
rotated=("$scratch"/logs/update-[0-9]*_[0-9]*.log)
[[ -s ${rotated[0]} ]] || fail "not rotated: $(echo "$scratch"/logs/*)"

# Programs.
put 4
configure ''
sigupdate --update-db=custom --quiet --json
expect_status 0
[[ $(wc -l <"$out") -eq 1 ]] || fail "not one line"
python3 -c 'import json, sys
line = json.load(open(sys.argv[1]))
assert line["tool"] == "sigupdate" and line["result"] == "updated" and line["status"] == 0, line
assert line["databases"] == [{"name": "a.hdb", "version": line["databases"][0]["version"],
    "signatures": 1, "sha256": line["databases"][0]["sha256"], "changed": True}], line' "$out" ||
    fail "--json"

# A clamd that is not there is a warning.
put 5
printf 'LocalSocket %s\n' "$scratch/clamd.sock" >"$scratch/clamd.conf"
configure "NotifyClamd $scratch/clamd.conf"
sigupdate --update-db=custom
expect_status 0
expect_error "^WARNING: .*Clamd was NOT notified: $scratch/clamd.sock: "

# Debian's clamd, and what it loads then.
[[ -x /usr/sbin/clamd ]] || skip "clamd is not installed (all but the last part has passed)"
cat >"$scratch/clamd.conf" <<C
LocalSocket $scratch/clamd.sock
DatabaseDirectory $D
LogFile $scratch/clamd.log
Foreground yes
User $account
C
setsid /usr/sbin/clamd --config-file="$scratch/clamd.conf" >"$scratch/clamd.out" 2>&1 &
started+=("$!")
disown "$!"
eventually test -S "$scratch/clamd.sock" || fail "clamd did not start: $(cat "$scratch/clamd.out")"
put 6
sigupdate --update-db=custom
expect_status 0
expect_match 'Clamd successfully notified about the update.'
eventually grep -q 'Database correctly reloaded' "$scratch/clamd.log" || fail "clamd did not reload"
# By TCP, and something that is no clamd.
put 7
python3 - "$scratch/tcp-port" <<'P' &
import os, socket, sys
server = socket.socket()
server.bind(('127.0.0.1', 0))
server.listen()
with open(sys.argv[1] + '.new', 'w') as f: f.write(str(server.getsockname()[1]))
os.rename(sys.argv[1] + '.new', sys.argv[1])
client = server.accept()[0]
assert client.recv(100) == b'RELOAD', 'no RELOAD'
client.sendall(b'WHAT?\n')
P
eventually test -s "$scratch/tcp-port"
printf 'TCPSocket %s\nTCPAddr 127.0.0.1\n' "$(cat "$scratch/tcp-port")" >"$scratch/clamd.conf"
sigupdate --update-db=custom
expect_status 0
expect_error 'Clamd was NOT notified: .*unknown answer from clamd: WHAT'
