#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The door without what it needs: a request waits for an engine that was lost, for MaxScanTime and
# 30 seconds; without descriptors nobody is accepted, now and then it is tried, and it goes on.
set -eu
. "$(dirname "$0")/../support/lib.sh"
. "$support/watch.sh"
need_root
need clamdscan python3 strace prlimit
chmod 755 "$scratch" "$scratch/w"
make_eicar "$scratch/w/eicar"
cat >"$conf" <<CONF
LogFile $log
LocalSocket $sock
DatabaseDirectory $db
MaxScanTime 1000
CONF
start_watch
ask() { clamdscan -c "$conf" --no-summary --fdpass "$scratch/w/eicar"; }
stats() {
    python3 -c 'import socket, sys
s = socket.socket(socket.AF_UNIX); s.settimeout(20); s.connect(sys.argv[1]); s.sendall(b"nSTATS\n")
while piece := s.recv(65536): sys.stdout.write(piece.decode())' "$sock"
}
waiting() { stats | grep -q "^QUEUE: $1 items"; }
lose_engine() {
    : >"$log"
    echo 'not:a:signature' >"$db/broken.ndb"
    kill -KILL "$(engine_pid)"
    logged 'there are no signatures until they can be loaded'
}

# It comes in time: nobody sees that it was lost.
run ask
expect_status 1
lose_engine
ask >"$scratch/first" 2>&1 &
first=$!
eventually waiting 1 || fail "the request does not wait: $(stats)"
ask >"$scratch/second" 2>&1 &
second=$!
eventually waiting 2 || fail "another request does not wait: $(stats)"
rm "$db/broken.ndb" # It is tried again; a reload asked for on top would load it a second time, later.
for one in first second; do
    code=0
    wait "${!one}" || code=$?
    [[ $code -eq 1 ]] || fail "the $one one has status $code: $(cat "$scratch/$one")"
    grep -qxF "$scratch/w/eicar: $infected FOUND" "$scratch/$one" || fail "$one: $(cat "$scratch/$one")"
done

# It does not.
logged 'Database correctly reloaded'
lose_engine
run timeout 100 clamdscan -c "$conf" --no-summary --fdpass "$scratch/w/eicar"
expect_status 2
expect_line "$scratch/w/eicar: Scanner is not available ERROR"
: >"$log"
rm "$db/broken.ndb"
kill -USR2 "$(main_pid)"
logged 'Database correctly reloaded'
run ask
expect_status 1
stop_watch

# No descriptor is left for one more client.
start_watch
door=$(door)
[[ $door =~ ^[0-9]+$ ]] || fail "doors: $door"
# The main process, two of the engine, and one that listens.
alone() { [[ $(readlink "/proc/$door"/fd/* | grep -c '^socket') -eq 4 ]]; }
eventually alone || fail "the door has clients: $(readlink "/proc/$door"/fd/*)"
limit=$(prlimit --pid "$door" --nofile --raw --noheadings --output SOFT)
prlimit --pid "$door" --nofile=3:
strace -ttt -o "$scratch/trace" -e trace=accept4 -p "$door" 2>/dev/null &
started+=($!)
tracer=$!
traced() { ! grep -q '^TracerPid:.0$' "/proc/$door/status"; }
eventually traced || fail "strace cannot attach"
timeout 60 "$watch" -c "$conf" --ping 1 >"$scratch/pong" 2>&1 &
client=$!
refused() { [[ $(grep -c EMFILE "$scratch/trace") -ge 4 ]]; }
eventually refused || fail "it is not tried again: $(cat "$scratch/trace")"
prlimit --pid "$door" --nofile="$limit:"
wait "$client" || fail "the client has no answer: $(cat "$scratch/pong")"
kill "$tracer"
wait "$tracer" || true
awk '/EMFILE/ { if (last && $1 - last < .09) bad = 1; last = $1 } END { exit bad }' "$scratch/trace" ||
    fail "it is tried without a pause: $(head -n 20 "$scratch/trace")"
[[ $(door) = "$door" ]] || fail "the door was lost"
run ask
expect_status 1
