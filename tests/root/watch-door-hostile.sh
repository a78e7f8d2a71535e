#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Clients that mean harm, or die: the door answers others at once, grows by nothing that lasts, and
# the gate's workers are never taken for requests.
set -eu
. "$(dirname "$0")/../support/lib.sh"
. "$support/watch.sh"
need_watch
home=$scratch/m/home
make_eicar "$home/eicar"
for i in {1..20}; do echo "clean $i" >"$home/f$i"; done
mkdir files
make_eicar files/eicar
for i in {1..50}; do echo "clean $i" >files/f$i; done
sleep 0.2
configure <<'CONF'
LocalSocketMode 666
User nobody
CommandReadTimeout 30
ReadTimeout 30
CONF
start_watch
first=$(door)
cat >"$scratch/hostile.py" <<'PY'
import array, os, socket, struct, sys, threading, time
path, files, door = sys.argv[1], sys.argv[2].encode(), sys.argv[3]
bad = 0
os.seteuid(12345) # an ordinary user; root only where the door itself is looked at
def connect():
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(10)
    s.connect(path)
    return s
def memory():
    return next(int(line.split()[1]) for line in open(f'/proc/{door}/status') if line.startswith('VmRSS'))
def open_files():
    os.seteuid(0)
    count = len(os.listdir(f'/proc/{door}/fd'))
    os.seteuid(12345)
    return count
def others_are_served(what):
    global bad
    with connect() as s:
        s.sendall(b'zPING\0')
        if s.recv(10) != b'PONG\0': bad += 1; print(what, 'no PONG')
    if open_files() > 900: bad += 1; print(what, open_files(), 'descriptors')
    if memory() > before + most_more: bad += 1; print(what, memory(), 'KiB, before', before)
def flood(first, rest, most):
    """Sends and never reads, until nothing is taken any more."""
    s = connect()
    s.settimeout(3)
    sent = 0
    try:
        s.sendall(first)
        while sent < most: sent += s.send(rest)
    except (BrokenPipeError, ConnectionResetError, socket.timeout): pass
    return s
before = memory()
most_more = int(sys.argv[4])
held = []
for i in range(1000):
    s = socket.socket(socket.AF_UNIX)
    s.setblocking(False)
    for _ in range(500):
        try: s.connect(path)
        except BlockingIOError: time.sleep(.01); continue
        held.append(s)
        break
others_are_served('1000 silent ones')
if len(held) < 950: bad += 1; print(len(held), 'connected')
for s in held: s.close()
held = []
for what, first, rest in (
        ('data after a command', b'zCONTSCAN ' + files + b'\0', bytes(1 << 20)),
        ('requests without end', b'zIDSESSION\0', (b'zSCAN ' + files + b'\0') * 1000),
        ('unread replies', b'zIDSESSION\0', b'zPING\0' * 10000),
        ('statistics without end', b'zIDSESSION\0', b'zSTATS\0' * 10000),
        ('a command without end', b'z', b'A' * 100000),
        ('a large stream', b'zINSTREAM\0', struct.pack('>I', 1 << 20) + bytes(1 << 20))):
    held.append(flood(first, rest, 200 << 20))
    others_are_served(what)
for s in held: s.close()
held = []
null = os.open('/dev/null', os.O_RDONLY)
for i in range(60): # descriptors that nobody has asked for
    s = connect()
    held.append(s)
    try:
        for _ in range(50):
            s.sendmsg([b'zF'], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', [null] * 200))])
    except OSError: pass
others_are_served('descriptors')
infected = os.open(files + b'/eicar', os.O_RDONLY)
for i in range(150): # and more of those that somebody has
    s = connect()
    held.append(s)
    try:
        s.sendall(b'zIDSESSION\0')
        for _ in range(40):
            s.sendmsg([b'zFILDES\0x'], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', [infected]))])
    except OSError: pass
others_are_served('many files')
for s in held: s.close()
# Byte by byte, while others are served.
slow = [connect() for _ in range(20)]
for byte in b'zIDSESSION\0zPING\0':
    for s in slow: s.sendall(bytes([byte]))
    others_are_served('slow ones')
for s in slow:
    if s.recv(20) != b'1: PONG\0': bad += 1; print('a slow one has no answer')
    s.close()
deadline = time.time() + 20
while time.time() < deadline and open_files() > 30: time.sleep(.1)
if open_files() > 30: bad += 1; print('descriptors stay open')
sys.exit(bad > 0)
PY
more=40000
[[ $BUILD != */asan ]] || more=400000 # what is freed is kept for a while
run timeout 100 python3 "$scratch/hostile.py" "$sock" "$scratch/w/files" "$first" "$more"
expect_status 0
[[ $(door) = "$first" ]] || fail "the door was broken in"
stop_watch

# Requests that hang in their workers take none of the gate's; their clients die, and nothing stays.
start_watch
readable "$home/f1"
ours=$(pgrep -P "$(engine_pid)" | sort)
run command clamdscan -c "$conf" --no-summary --fdpass "$scratch/w/files/f1"
expect_status 0
hang() { # the door's workers: whatever was started since then
    local worker any=
    for worker in $(comm -13 <(echo "$ours") <(pgrep -P "$(engine_pid)" | sort)); do
        kill -STOP "$worker"
        any=y
    done
    [[ -n $any ]] || fail "requests have no workers of their own"
}
hang
clients=()
ask() { # FILE, in the background
    clamdscan -c "$conf" --no-summary --fdpass "$1" >/dev/null 2>&1 &
    clients+=($!)
}
stats() {
    python3 -c 'import socket, sys
s = socket.socket(socket.AF_UNIX); s.settimeout(10); s.connect(sys.argv[1]); s.sendall(b"nSTATS\n")
while piece := s.recv(65536): sys.stdout.write(piece.decode())' "$sock"
}
running() { [[ $(stats | grep -c 'FILDES') -eq $1 ]]; }
ask "$scratch/w/files/f2"
eventually running 1 || fail "the first request does not run: $(stats)"
# Every further worker takes one file, and hangs with the next one.
max=$(stats | sed -n 's/^THREADS: .* max \([0-9]*\) .*/\1/p')
for ((i = 2; i <= max; i++)); do
    run command clamdscan -c "$conf" --no-summary --fdpass "$scratch/w/files/f3"
    hang
    ask "$scratch/w/files/f4"
    eventually running "$i" || fail "request $i does not run: $(stats)"
done
for i in {5..30}; do ask "$scratch/w/files/f$i"; done
waiting() { stats | grep -qE '^QUEUE: 2[0-9] items min_wait: [0-9.]+ max_wait: [0-9.]+ avg_wait: [0-9.]+$'; }
eventually waiting || fail "the other requests do not wait: $(stats)"
for i in {2..20}; do readable "$home/f$i"; done
denied "$home/eicar"
kill -KILL "${clients[@]}"
wait "${clients[@]}" 2>/dev/null || true
emptied() { stats | grep -q '^QUEUE: 0 items$'; }
eventually emptied || fail "requests of dead clients stay: $(stats)"
for worker in $(comm -13 <(echo "$ours") <(pgrep -P "$(engine_pid)" | sort)); do kill -CONT "$worker"; done
run command clamdscan -c "$conf" --no-summary --fdpass "$scratch/w/files/eicar"
expect_line "$scratch/w/files/eicar: $infected FOUND"
