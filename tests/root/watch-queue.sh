#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# MaxQueue: what is beyond stays with the client until there is room; lowered where RLIMIT_NOFILE
# would not do. No request is lost, and others are served, whatever is queued.
set -eu
. "$(dirname "$0")/../support/lib.sh"
. "$support/watch.sh"
need_root
need python3
chmod 755 "$scratch" "$scratch/w"
make_eicar eicar
cat >"$scratch/ask.py" <<'PY'
"""Three sessions with 40 files each while the engine stands; prints how many were taken."""
import array, os, re, signal, socket, sys, time
path, file, engine = sys.argv[1], sys.argv[2], int(sys.argv[3])
fd = os.open(file, os.O_RDONLY)
def connect():
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(60)
    s.connect(path)
    return s
def ask(command):
    s = connect()
    s.sendall(command)
    got = b''
    while piece := s.recv(65536): got += piece
    return got
os.kill(engine, signal.SIGSTOP)
sessions = [connect() for _ in range(3)]
for s in sessions:
    s.sendall(b'zIDSESSION\0')
    for _ in range(40):
        s.sendmsg([b'zFILDES\0x'], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', [fd]))])
taken = before = -1
for _ in range(100): # until no more are taken
    stats = ask(b'nSTATS\n').decode()
    taken = stats.count('\tFILDES ') + int(re.search(r'QUEUE: (\d+)', stats)[1])
    if taken == before and taken >= 3: break
    before = taken
    time.sleep(.2)
assert ask(b'zPING\0') == b'PONG\0'
os.kill(engine, signal.SIGCONT)
found = 0
for s in sessions:
    s.sendall(b'zEND\0')
    got = b''
    while piece := s.recv(65536): got += piece
    found += got.count(b'FOUND\0')
print(taken, found)
PY
asks() { # leaves $taken
    local found
    run timeout 110 python3 "$scratch/ask.py" "$sock" "$scratch/w/eicar" "$(engine_pid)"
    kill -CONT "$(engine_pid)" || true
    expect_status 0
    read -r taken found <"$out"
    [[ $found -eq 120 ]] || fail "of 120 files $found were answered"
}
configure_queue() { # N
    cat >"$conf" <<CONF
LogFile $log
LocalSocket $sock
DatabaseDirectory $db
MaxQueue $1
CONF
}
for queue in 5 50; do
    configure_queue "$queue"
    start_watch
    asks
    # The first of a session is always taken.
    [[ $taken -ge $queue && $taken -le $((queue + 2)) ]] || fail "MaxQueue $queue: $taken were taken"
    ! grep -q 'MaxQueue' "$log" || fail "it was lowered without need"
    stop_watch
done
configure_queue 100
ulimit -n 64
start_watch
logged 'WARNING: MaxQueue 100 is too much for RLIMIT_NOFILE: '
lowered=$(sed -n 's/.*RLIMIT_NOFILE: \([0-9]*\) it is$/\1/p' "$log")
first=$(door)
asks
[[ $taken -ge $lowered && $taken -le $((lowered + 2)) ]] || fail "MaxQueue $lowered: $taken were taken"
[[ $(door) = "$first" ]] || fail "the door was lost"
