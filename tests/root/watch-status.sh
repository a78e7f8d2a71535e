#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# onaccess-watch --status is the proof that protection runs: state, watched file systems, signatures
# and their age, openers that wait, the last blocks; its exit status is for monitoring. STATS and
# SIGUSR1 tell the counters.
set -eu
. "$(dirname "$0")/../support/lib.sh"
. "$support/watch.sh"
need_watch
program=onaccess-watch
home=$scratch/m/home
status() { run "$watch" -c "$conf" --status "$@"; }
field() { python3 -c 'import json, sys
value = json.load(open(sys.argv[1]))
for key in sys.argv[2:]:
    value = value[int(key) if key.isdigit() else key]
print(value)' "$out" "$@"; }
says() { # STATUS REGEX: until --status says so
    status
    [[ $status -eq $1 ]] && grep -qE -e "$2" "$out"
}

# Nobody there.
configure </dev/null
status
expect_one_error 3 'not running'
status --json
expect_one_error 3 'not running'

# All is well.
start_watch
status
expect_status 0
expect_silent
expect_match '^State: protecting \(pid [0-9]+, for 0 minutes\)$'
[[ $(grep -oE 'pid [0-9]+' "$out") = "pid $(main_pid)" ]] || fail "another pid"
expect_match '^Engine: ClamAV [0-9.]+, 2 signatures, newest 0 minutes old$'
expect_line "Watched: $scratch/m (ext4)"
expect_match '^Opens: [0-9]+ asked, [0-9]+ scanned, 0 denied, 0 past the deadline$'
expect_match '^Now: 0 files wait for a worker, 0 of [0-9]+ workers scan$'
expect_no_match '^(Block|Missing): '
# What happened is counted; the last ten blocks, escaped.
echo clean >"$home/clean"
marked() { readable "$home/clean" && [[ $(count marks) -ge 1 ]]; } # not while it is fresh
eventually marked || fail "a clean file earns no mark"
name=$'odd\nname'
make_eicar "$home/first" "$home/$name"{1..10}
denied "$home/first"
for i in {1..9}; do denied "$home/$name$i"; done
blocks() { status; [[ $(grep -c '^Block: ' "$out") -eq 10 ]]; }
eventually blocks || fail "not ten blocks"
expect_match "^Block: [A-Z].{23} $home/first: $infected denied\$"
denied "$home/${name}10"
last() { says 0 'odd' && ! grep -q 'first' "$out"; }
eventually last || fail "the oldest block did not make room"
expect_count 10 "^Block: .* $home/odd\\\\nname[0-9]+: $infected denied\$"
status --json
expect_status 0
[[ $(field state) = protecting && $(field signatures) -eq 2 && $(field queue) -eq 0 ]] || fail "the object"
[[ $(field blocks 9 answer) = denied && $(field blocks 9 signature) = "$infected" ]] || fail "blocks"
[[ $(field file_systems 0) = "$scratch/m (ext4)" && $(field signature_age) -lt 600 ]] || fail "the object"
[[ $(field count_denied) -eq 11 && $(field count_infected) -ge 2 && $(field count_scans) -ge 3 ]] || fail "counters: $(grep -o "count_.*" "$out")"
[[ $(field count_marks) -ge 1 && $(field count_events) -ge 12 ]] || fail "counters: $(grep -o "count_.*" "$out")"
[[ $(field latency_p50) -gt 0 && $(field latency_p99) -ge $(field latency_p50) ]] || fail "latencies"

# Those that are scanned, and those that wait for a worker, are seen.
for pid in $(pgrep -P "$(engine_pid)"); do kill -STOP "$pid"; done
waiters=()
for i in {1..12}; do
    echo "$i" >"$home/later$i"
    cat "$home/later$i" >/dev/null &
    waiters+=($!)
done
waits() { says 0 '^Now: [1-9][0-9]* files wait for a worker, [1-9]'; }
eventually waits || fail "nobody waits: $(cat "$out")"
status --json
[[ $(field queue) -ge 1 && $(field busy) -ge 1 && $(field workers) -ge $(field busy) ]] || fail "the queue"
for pid in $(pgrep -P "$(engine_pid)"); do kill -CONT "$pid"; done
for waiter in "${waiters[@]}"; do wait "$waiter" || fail "an opener was denied"; done

# The same by STATS and SIGUSR1.
kinds='events own registered special user excluded outside too-large cached joined scans background'
kinds+=' clean partial infected repeated failed allowed denied deadline marks unmarked written read-errors'
kinds+=' overflow lost'
shape=WATCH:
for kind in $kinds; do shape+=" $kind [0-9]+"; done
python3 -c 'import socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
s.sendall(b"nSTATS\n")
text = b""
while b"END\n" not in text:
    text += s.recv(9999)
sys.stdout.buffer.write(text)' "$sock" >"$out"
kill -USR1 "$(main_pid)"
logged 'WATCH-LATENCY: '
for line in "$shape" 'WATCH-QUEUE: 0 busy 0 max [0-9]+' \
    'WATCH-LATENCY: microseconds p50 [0-9]+ p90 [0-9]+ p99 [0-9]+ p999 [0-9]+ max [0-9]+'; do
    expect_match "^$line\$"
    grep -qE -e " -> $line\$" "$log" || fail "SIGUSR1 does not log '$line'"
done
expect_match '^WATCH: .* denied 11 '
expect_match '^STATE: VALID PRIMARY$'
[[ $(tail -n 1 "$out") = END ]] || fail "STATS does not end in END"

# No engine: what is configured is not done.
main=$(main_pid)
mv "$db" "$db.gone"
mkdir "$db"
echo nonsense >"$db/broken.ndb"
kill -KILL "$(engine_pid)"
eventually says 1 '^State: no engine ' || fail "$(cat "$out")"
rm -r "$db"
mv "$db.gone" "$db"
eventually says 0 '^State: protecting ' || fail "no engine came back: $(cat "$out")"
[[ $(main_pid) = "$main" ]] || fail "another daemon"
stop_watch

# Old signatures; a path that is not there.
touch -d '9 days ago' "$db"/*
configure </dev/null
start_watch
status
expect_status 1
expect_match '^Engine: .*, newest 9 days old \(OLD\)$'
stop_watch
touch "$db"/*
configure <<<"OnAccessIncludePath $home/not-yet"
start_watch
status
expect_status 1
expect_line "Missing: $home/not-yet"
mkdir "$home/not-yet"
eventually says 0 '^State: protecting' || fail "not seen that it is there now"
expect_no_match '^Missing'
stop_watch

# Only reported; and the embedded signatures are not enough.
configure <<<"OnAccessQuarantine $scratch/m/quarantine"
sed -i 's/^OnAccessPrevention .*/OnAccessPrevention no/' "$conf"
start_watch
status
expect_status 0
expect_match '^State: reporting'
stop_watch
mkdir "$scratch/empty"
configure </dev/null
sed -i "s#^DatabaseDirectory .*#DatabaseDirectory $scratch/empty#" "$conf"
start_watch
status
expect_status 1
expect_match '^Engine: .* \(embedded\)'
