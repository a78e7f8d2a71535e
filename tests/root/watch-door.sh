#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# clamd's protocol as clamd itself speaks it: Debian's clamdscan in every mode and clamdtop's
# requests, every command in every framing, what is wrong, limits and time-outs.
set -eu
. "$(dirname "$0")/../support/lib.sh"
. "$support/watch.sh"
need_root
need clamdscan python3 setpriv
chmod 755 "$scratch" "$scratch/w"
mkdir files files/deep
echo clean >files/clean
make_eicar files/eicar files/deep/eicar
: >files/empty
ln -s clean files/link
mkfifo fifo
mkdir none some
echo x >some/skipped-file
ln -s files/deep link-to-directory
echo hidden >files/hidden && chmod 600 files/hidden
cat >"$conf" <<CONF
LogFile $log
LogTime yes
LocalSocket $sock
LocalSocketMode 666
DatabaseDirectory $db
TCPSocket 13399
User nobody
StreamMaxLength 1M
CommandReadTimeout 2
ReadTimeout 2
ExcludePath skipped
ExtendedDetectionInfo yes
CONF
start_watch
f=$scratch/w/files

clamdscan() { run command clamdscan -c "$conf" --no-summary "$@"; }
for mode in '' --multiscan --fdpass '--fdpass --multiscan' --stream --allmatch; do
    # shellcheck disable=SC2086
    clamdscan $mode "$f/clean"
    [[ $status -eq 0 ]] || fail "clamdscan $mode clean: $status"
    expect_line "$f/clean: OK"
    # shellcheck disable=SC2086
    clamdscan $mode "$f/eicar" "$f/deep"
    [[ $status -eq 1 ]] || fail "clamdscan $mode eicar: $status"
    expect_line "$f/eicar: $infected FOUND"
    expect_line "$f/deep/eicar: $infected FOUND"
done
clamdscan - <"$f/eicar"
expect_status 1
run sh -c 'cat "$2" | clamdscan -c "$1" --no-summary -' - "$conf" "$f/eicar"
expect_status 1
expect_line "stream: $infected FOUND"
clamdscan "$f/hidden" # nobody may not read it
expect_status 2
clamdscan --fdpass "$f/hidden"
expect_status 0
run command clamdscan -c "$conf" --ping 1
expect_status 0
expect_line PONG
run command clamdscan -c "$conf" --version
expect_match '^ClamAV 1\.'
run command clamdscan -c "$conf" --reload
expect_status 0
logged 'Database correctly reloaded'
logged "instream(local): $infected("
grep -qE "$f/eicar: $infected\([0-9a-f]{32}:68\) FOUND" "$log" || fail "no digest in the log"

cat >"$scratch/ask.py" <<'PY'
import array, os, socket, struct, sys, time
path, files = sys.argv[1:]
bad = 0
def connect(tcp=False):
    s = socket.create_connection(('127.0.0.1', 13399)) if tcp else socket.socket(socket.AF_UNIX)
    if not tcp: s.connect(path)
    s.settimeout(10)
    return s
def rest(s):
    data = b''
    try:
        while piece := s.recv(65536): data += piece
    except ConnectionResetError:
        data += b'<RESET>'
    return data
def ask(data, expected, tcp=False):
    global bad
    s = connect(tcp)
    s.sendall(data)
    got = rest(s)
    ok = expected(got) if callable(expected) else got == expected
    if not ok:
        bad += 1
        print('asked', data[:60], 'got', got[:300])
infected = b'Eicar-Test-Signature.UNOFFICIAL'
f = files.encode()
for tcp in (False, True):
    ask(b'PING', b'PONG\n', tcp)
    ask(b'PING\r\n', b'PONG\n', tcp)
    ask(b'nPING\n', b'PONG\n', tcp)
    ask(b'zPING\0', b'PONG\0', tcp)
ask(b'nping\n', b'UNKNOWN COMMAND\n')
ask(b'nPING x\n', b'UNKNOWN COMMAND\n')
ask(b'zSCAN\0', b'UNKNOWN COMMAND\0')
ask(b'GET / HTTP/1.1\r\n', b'UNKNOWN COMMAND\n', True)
ask(b'END', b'UNKNOWN COMMAND\n')
ask(b'VERSIONCOMMANDS', b'UNKNOWN COMMAND\n')
ask(b'zHOSTAV-NONSENSE\0', b'UNKNOWN COMMAND\0')
ask(b'nVERSION\n', lambda got: got.startswith(b'ClamAV 1.'))
ask(b'nVERSIONCOMMANDS\n', lambda got: b'| COMMANDS: SCAN QUIT RELOAD PING' in got)
ask(b'DETSTATS', b'')
ask(b'n' + b'A' * 5000 + b'\n', lambda got: got in (b'<RESET>', b''))
ask(b'SCAN ' + f + b'/clean', f + b'/clean: OK\n')
ask(b'nSCAN ' + f + b'/eicar\n', f + b'/eicar: ' + infected + b' FOUND\n')
ask(b'zSCAN ' + f + b'/eicar/\0', f + b'/eicar: ' + infected + b' FOUND\0')
ask(b'zSCAN ' + f + b'\0', lambda got: got.count(b'FOUND') == 1)
ask(b'zCONTSCAN ' + f + b'\0', lambda got: got.count(b' FOUND\0') == 2 and b': OK' not in got)
ask(b'zMULTISCAN ' + f + b'\0', lambda got: got.count(b' FOUND\0') == 2)
ask(b'zALLMATCHSCAN ' + f + b'/eicar\0', f + b'/eicar: ' + infected + b' FOUND\0')
ask(b'zCONTSCAN ' + f + b'/empty\0', f + b'/empty: OK\0')
ask(b'zSCAN ' + f + b'/none\0', f + b'/none: File path check failure: No such file or directory. ERROR\0')
ask(b'zSCAN ' + f + b'/hidden\0', f + b'/hidden: Access denied. ERROR\0')
ask(b'zSCAN ' + f + b'/../fifo\0', lambda got: got.endswith(b': Not supported file type ERROR\0'))
# What clamd answers with OK although it has not looked.
ask(b'zSCAN ' + f + b'/link\0', f + b'/link: Excluded (symbolic link)\0')
ask(b'zSCAN /skipped-is-not-there\0', lambda got: b'OK' not in got)
# What clamd's MULTISCAN does not answer at all.
w = f.removesuffix(b'/files')
ask(b'zMULTISCAN ' + w + b'/none\0', w + b'/none: OK\0')
ask(b'zMULTISCAN ' + w + b'/some\0', w + b'/some: OK\0')
ask(b'zMULTISCAN ' + w + b'/some/skipped-file\0', w + b'/some/skipped-file: Excluded\0')
ask(b'zMULTISCAN ' + w + b'/link-to-directory\0', w + b'/link-to-directory: Excluded (symbolic link)\0')
ask(b'zALLMATCHSCAN ' + f + b'\0', lambda got: got.count(b'FOUND') == 2)
ask(b'zSCAN' + f + b'/eicar\0', b'UNKNOWN COMMAND\0')
ask(b'zINSTREAM\0' + struct.pack('>I', 5) + b'clean' + bytes(4), b'stream: OK\0')
eicar = open(files + '/eicar', 'rb').read()
ask(b'nINSTREAM\n' + struct.pack('>I', 30) + eicar[:30] + struct.pack('>I', 38) + eicar[30:] + bytes(4),
    b'stream: ' + infected + b' FOUND\n')
ask(b'zINSTREAM\0' + bytes(4), b'stream: OK\0')
ask(b'zINSTREAM\0' + struct.pack('>I', 2 << 20), b'INSTREAM size limit exceeded. ERROR\0')
ask(b'zFILDES\0x', b'No file descriptor received. ERROR\0')

def send_fd(s, data, fd):
    s.sendmsg([data], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', [fd]))])
s = connect()
with open(files + '/eicar') as file:
    send_fd(s, b'zFILDES\0', file.fileno())
got = rest(s)
if not (got.startswith(b'fd[') and got.endswith(infected + b' FOUND\0')): bad += 1; print('FILDES', got)
s = connect()
s.sendall(b'zIDSESSION\0')
send_fd(s, b'zPING\0', 0)
got = rest(s)
if got != b'1: PONG\x002: PROTOCOL ERROR: ancillary data sent without FILDES. ERROR\0': bad += 1; print('fd without FILDES', got)
s = connect()
s.sendall(b'zFILDES\0')
fd = os.open(files, os.O_RDONLY)
send_fd(s, b'\0', fd)
got = rest(s)
if not got.endswith(b': Not a regular file ERROR\0'): bad += 1; print('directory', got)
for mode in (os.O_WRONLY, os.O_PATH): # nobody can look into it: not OK
    s = connect()
    send_fd(s, b'zFILDES\0', os.open(files + '/eicar', mode))
    got = rest(s)
    if not got.endswith(b': Access denied. ERROR\0'): bad += 1; print('unreadable', got)

# A session: numbers, any order, what is not allowed in it.
s = connect()
s.sendall(b'zIDSESSION\0zPING\0zSCAN ' + f + b'/eicar\0zVERSION\0zINSTREAM\0' + struct.pack('>I', 5) + b'clean' + bytes(4) + b'zEND\0')
got = sorted(rest(s).split(b'\0'))
if b'1: PONG' not in got or b'2: ' + f + b'/eicar: ' + infected + b' FOUND' not in got or b'4: stream: OK' not in got:
    bad += 1; print('session', got)
s = connect()
s.sendall(b'nIDSESSION\nnRELOAD\n')
got = rest(s)
if got != b'1: Command invalid inside IDSESSION. ERROR\n': bad += 1; print('RELOAD in session', got)
s = connect()
s.sendall(b'zIDSESSION\0')
time.sleep(.2)
s.sendall(b'PING')
got = rest(s)
if got != b'1: Command invalid inside IDSESSION. ERROR\n': bad += 1; print('bare in session', got)
s = connect()
s.sendall(b'zIDSESSION\0zSCAN ' + f + b'/eicar\0')
s.shutdown(socket.SHUT_WR)
got = rest(s)
if got != b'1: ' + f + b'/eicar: ' + infected + b' FOUND\0': bad += 1; print('ended session', got)
# As clamdtop.
s = connect()
s.sendall(b'nIDSESSION\nnVERSION\n')
got = s.recv(1000)
s.sendall(b'nSTATS\n')
stats = b''
while b'END\n' not in stats: stats += s.recv(65536)
for part in (b'2: POOLS: 1\n\nSTATE: VALID PRIMARY\nTHREADS: live ', b'\nQUEUE: 0 items', b'\n\tSTATS ', b'\nMEMSTATS: heap N/A'):
    if part not in stats: bad += 1; print('STATS lacks', part, stats)
# Silence is not waited for.
started = time.time()
s = connect()
got = rest(s)
if got != b'COMMAND READ TIMED OUT\n' or time.time() - started > 8: bad += 1; print('silent', got)
s = connect()
s.sendall(b'zINSTREAM\0' + struct.pack('>I', 100) + b'half')
got = rest(s)
if got != b'COMMAND READ TIMED OUT\n': bad += 1; print('half a stream', got)
# Hostile bytes; the door stands.
import random
for seed in range(200):
    r = random.Random(seed)
    s = connect()
    words = [b'zIDSESSION\0', b'nSCAN /\n', b'zFILDES\0', b'zINSTREAM\0', b'\0', b'\n', b'END', b'zHOSTAV-START 1\0', b'zHOSTAV-WORKERS x\0', r.randbytes(20)]
    try:
        for _ in range(r.randrange(8)): s.sendall(r.choice(words))
    except OSError: pass
    s.close()
ask(b'zPING\0', b'PONG\0')
sys.exit(bad > 0)
PY
first=$(door)
run timeout 200 python3 "$scratch/ask.py" "$sock" "$f"
expect_status 0
[[ $(door) = "$first" ]] || fail "the door was broken in"

# clamdtop itself, on a terminal of its own: it shows our version, threads, queue and memory.
if command -v clamdtop >/dev/null; then
    run timeout 20 script -qec "stty rows 30 cols 100; TERM=xterm clamdtop -c $conf" /dev/null < <(sleep 4; printf q)
    sed -E 's/\x1b\[[0-9;?]*[a-zA-Z]/ /g; s/\x1b[()][A-Z0-9]//g' "$out" | tr -s ' ' >"$scratch/top"
    for part in 'ClamAV 1\.' 'Primary threads' 'Queue: ?0 items' 'Pool: count 1 used [1-9]'; do
        grep -qaE "$part" "$scratch/top" || fail "clamdtop does not show '$part'"
    done
fi
# The door is nobody's account, and has no privilege left.
grep -qE "^Uid:.$(id -u nobody)(.$(id -u nobody)){3}\$" "/proc/$first/status" || fail "the door runs as root"
grep -qE '^CapEff:.0+$' "/proc/$first/status" || fail "the door has capabilities"
# SHUTDOWN.
printf 'nSHUTDOWN\n' | timeout 5 python3 -c 'import socket, sys
s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); s.sendall(b"nSHUTDOWN\n"); s.recv(10)' "$sock"
wait "$watcher" || fail "the watch ended with an error"
watcher=
logged '--- Stopped at'
