#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The log file: who may have it, how it is renamed when it has grown (as clamd names it) or was moved
# away, and that its lock keeps a second daemon out all the time.
set -eu
. "$(dirname "$0")/../support/lib.sh"
need python3
watch=$BUILD/onaccess-watch
program=onaccess-watch
chmod 755 "$scratch" "$scratch/w"
mkdir logs
log=$scratch/w/logs/clamd.log
echo fine >good

configure() { # more options from stdin
    {
        printf 'LogFile %s\nLogTime yes\nLogClean yes\nLocalSocket %s\nDatabaseDirectory %s\n' \
            "$log" "$scratch/w/sock" "$db"
        cat
    } >conf
}
begin() {
    start timeout 60 "$watch" -c conf
    eventually "$watch" -c conf --ping 1 >/dev/null 2>&1 || fail "it does not start"
}
end() {
    kill "$pid"
    finish "$pid"
}
ask() { # NAME…: has them scanned, one after the other, which writes lines
    python3 -c 'import os, socket, sys
for name in sys.argv[2:]:
    s = socket.socket(socket.AF_UNIX)
    s.connect(sys.argv[1])
    s.sendall(b"zSCAN " + os.fsencode(name) + b"\0")
    s.recv(9999)' "$scratch/w/sock" "$@"
}
locked() {
    python3 -c 'import fcntl, sys
try:
    fcntl.lockf(open(sys.argv[1], "a"), fcntl.LOCK_EX | fcntl.LOCK_NB)
except OSError:
    sys.exit(0)
sys.exit(1)' "$log"
}

# Its mode; the lock, also against clamd; a link and a relative path are refused.
configure </dev/null
begin
[[ $(stat -c %a "$log") = 640 ]] || fail "mode $(stat -c %a "$log")"
locked || fail "not locked"
printf 'LogFile %s\nLocalSocket %s/other\nDatabaseDirectory %s\nForeground yes\n' "$log" "$scratch/w" "$db" >second
run timeout 20 "$watch" -c second
expect_one_error 1 "$log: is locked by another process"
if command -v /usr/sbin/clamd >/dev/null; then
    run timeout 20 /usr/sbin/clamd -c second
    [[ $status -ne 0 && $status -ne 124 ]] || fail "clamd shares the log"
fi

# Moved away by logrotate: what comes next is in a new file, locked too. HUP does no harm.
mv "$log" "$log.1"
kill -HUP "$(pgrep -P "$pid" -x onaccess-watch)"
ask "$scratch/w/good"
fresh() { grep -q 'good: OK$' "$log" 2>/dev/null; }
eventually fresh || fail "no line in the new file"
! grep -q 'good: OK' "$log.1" || fail "a line in the old file"
eventually locked || fail "the new file is not locked"
end
grep -q -- '--- Stopped at' "$log" || fail "the end is not in the new file"

rm "$log"
ln -s elsewhere "$log"
run timeout 20 "$watch" -c conf
expect_one_error 1 'a symbolic link is not followed for a log'
[[ ! -e logs/elsewhere ]] || fail "the link was followed"
rm "$log"
configure <<<'LogFileUnlock yes'
begin
! locked || fail "LogFileUnlock yes, and it is locked"
end
printf 'LogFile clamd.log\nLocalSocket %s/sock\n' "$scratch/w" >relative
run "$watch" -c relative
expect_one_error 1 'LogFile clamd.log: must be an absolute path'

# Renamed when it has grown; no line is lost, not even when that happens often within a second.
rm "$log"
configure <<<'LogFileMaxSize 2K'
begin
for i in {1..150}; do echo "$i" >"file-$i"; done
ask "$scratch"/w/file-{1..150}
locked || fail "not locked after the renaming"
end
shopt -s nullglob
renamed=(logs/clamd-[0-9]*.log)
[[ ${#renamed[@]} -ge 1 ]] || fail "never renamed: $(ls -l logs)"
for file in "${renamed[@]}"; do
    [[ $file =~ ^logs/clamd-20[0-9]{6}_[0-9]{6}\.log$ ]] || fail "the name $file"
done
for i in {1..150}; do
    [[ $(cat logs/*.log | grep -c "file-$i: OK\$") -eq 1 ]] || fail "line $i is lost or twice"
done

# clamd names them so, too.
command -v /usr/sbin/clamd >/dev/null || skip "clamd is not installed; all else passed"
rm -r logs && mkdir logs
configure <<<$'LogFileMaxSize 2K\nForeground yes'
start timeout 60 /usr/sbin/clamd -c conf
eventually test -S sock || fail "clamd does not start"
named_so() {
    ask "$scratch/w/good" 2>/dev/null
    renamed=(logs/clamd-20[0-9][0-9][0-9][0-9][0-9][0-9]_[0-9][0-9][0-9][0-9][0-9][0-9].log)
    [[ ${#renamed[@]} -ge 1 ]]
}
eventually named_so || fail "clamd names it otherwise: $(ls logs)"
