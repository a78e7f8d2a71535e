#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The log is clamd's: the same requests to both daemons leave the same lines, but for what clamd
# says of its own settings. Names that would forge a line are escaped as scan does.
set -eu
. "$(dirname "$0")/../support/lib.sh"
need python3 /usr/sbin/clamd
work=$scratch/w
chmod 755 "$scratch" "$work"

mkdir clamd ours files files/1 files/1/2 files/1/2/3
make_eicar files/bad
echo fine >files/good
for level in 1 1/2 1/2/3; do echo "$level" >files/$level/file; done
ports=$(python3 -c 'import socket
a, b = socket.socket(), socket.socket()
for s in a, b: s.bind(("127.0.0.1", 0))
print(a.getsockname()[1], b.getsockname()[1])')
configure() { # DIRECTORY PORT
    cat >"$1.conf" <<CONF
LogFile $work/$1/clamd.log
LogTime yes
LogVerbose yes
LogClean yes
ExtendedDetectionInfo yes
LocalSocket $work/$1/sock
TCPSocket $2
TCPAddr 127.0.0.1
DatabaseDirectory $db
StreamMaxLength 1K
MaxDirectoryRecursion 2
SelfCheck 1
Foreground yes
CONF
}
configure clamd "${ports% *}"
configure ours "${ports#* }"

cat >talk.py <<'PY'
import array, os, socket, struct, sys
path, port, files = sys.argv[1], int(sys.argv[2]), os.getcwd().encode() + b'/files'
def local():
    s = socket.socket(socket.AF_UNIX)
    s.connect(path)
    return s
def ask(data, s=None, fd=None):
    s = s or local()
    s.settimeout(20)
    if fd is None:
        s.sendall(data)
    else:
        s.sendmsg([data], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', [fd]))])
    while s.recv(4096):
        pass
    s.close()
def stream(data):
    return b'zINSTREAM\0' + struct.pack('>I', len(data)) + data + struct.pack('>I', 0)
for name in b'good', b'bad', b'none':
    ask(b'zSCAN ' + files + b'/' + name + b'\0')
ask(b'zCONTSCAN ' + files + b'\0')
ask(b'zALLMATCHSCAN ' + files + b'/bad\0')
eicar = open('files/bad', 'rb').read()
ask(stream(eicar))
ask(stream(b'abc'))
try:
    ask(stream(b'a' * 2000))
except ConnectionError:
    pass # what is left unread may end in a reset
ask(stream(eicar), socket.create_connection(('127.0.0.1', port)))
for name in 'good', 'bad':
    ask(b'zFILDES\0x', fd=os.open('files/' + name, os.O_RDONLY))
gone = local()
gone.sendall(b'zINSTREAM\0' + struct.pack('>I', 100) + b'a')
gone.close()
ask(b'nRELOAD\n')
PY

in_log() { grep -qF -e "$1" "$work/$2/clamd.log" 2>/dev/null; }
serve() { # DIRECTORY PORT COMMAND…
    start timeout 60 "${@:3}"
    eventually in_log 'Self checking every' "$1" || fail "$1 does not start"
    eventually test -S "$work/$1/sock" || fail "$1 has no socket"
    python3 talk.py "$1/sock" "$2" || fail "$1 does not answer"
    for line in 'Client disconnected' 'Activating the newly' 'Database status OK.'; do
        eventually in_log "$line" "$1" || fail "$1 does not say '$line'"
    done
    python3 -c 'import socket, sys
s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); s.sendall(b"nSHUTDOWN\n"); s.recv(1)' "$1/sock"
    finish "$pid"
    ! grep -nvE '^[A-Z][a-z]{2} [A-Z][a-z]{2} [ 0-9]{2} [0-9:]{8} [0-9]{4} -> ' "$work/$1/clamd.log" ||
        fail "a line of $1 begins without the time"
    sed -E -e 's/^.{24} -> //' -e 's/( at ).{24}$/\1TIME/' -e 's/@[0-9]+\)/@PORT)/' -e 's/FD [0-9]+/FD N/' \
        -e "s#$work/$1#DIR#; s/\]:$2\$/]:PORT/" "$work/$1/clamd.log" >"$1.lines"
}
serve clamd "${ports% *}" /usr/sbin/clamd -c clamd.conf
serve ours "${ports#* }" "$BUILD/onaccess-watch" -c ours.conf

settings='^(Not loading PUA|Bytecode: |TCP: Setting|LOCAL: Setting|Limits: |[A-Za-z0-9 ()]+ support enabled'
settings+='|Detection using|AlertExceedsMax|Heuristic alerts|Listening daemon|MaxQueue set|Waiting for all'
settings+='|Shutting down the main|Closing the main|hostav onaccess-watch|SHUTDOWN was asked)'
for who in clamd ours; do
    # How often the clock of SelfCheck came round is not compared.
    grep -vE "$settings" $who.lines | awk '!/^SelfCheck: / || !seen++' | sort >$who.sorted
done
[[ $(wc -l <clamd.sorted) -ge 25 ]] || fail "few lines to compare"
expect_same clamd.sorted ours.sorted "the logs"
# In order: begun, loaded, ended.
for who in clamd ours; do
    grep -E '^(\+\+\+|clamd daemon|Reading|Loaded|Self checking|Database correctly|Activating|---|Socket file)' $who.lines >$who.life
done
expect_same clamd.life ours.life "the lives"
# With ALLMATCHSCAN the detailed line is the first.
for who in clamd ours; do grep -A1 'files/bad.*68) FOUND' $who.lines | grep -c 'UNOFFICIAL FOUND' >$who.all; done
expect_same clamd.all ours.all "lines of ALLMATCHSCAN"

# On the terminal: what is wrong on stderr, its name before the time.
program=onaccess-watch
eicar_path=$work/$'two\nlines \e[31m: X FOUND'
make_eicar "$eicar_path"
run "$SCAN" -d "$db" --engine=local --no-summary "$eicar_path"
expect_status 1
head -n 1 "$out" >as-scan
mkfifo fifo
sed -i '/^Log\(Time\|Verbose\)/d; /^Extended/d; /^SelfCheck/d' ours.conf
rm ours/clamd.log
start timeout 60 "$BUILD/onaccess-watch" -c ours.conf
eventually in_log 'Self checking every' ours || fail "it does not start"
python3 - "$work/ours/sock" "$eicar_path" "$work/fifo" "$work/none" <<'PY'
import os, socket, sys
for path in sys.argv[2:]:
    s = socket.socket(socket.AF_UNIX)
    s.connect(sys.argv[1])
    s.sendall(b'zSCAN ' + os.fsencode(path) + b'\0')
    s.recv(9999)
PY
eventually in_log 'path check failure' ours || fail "no line"
grep -qxF -f as-scan ours/clamd.log || fail "not escaped as scan does: $(cat ours/clamd.log)"
expect_line "$work/fifo: Not supported file type ERROR"
expect_error "^WARNING: File path check failure on: $work/none\$"
in_log "WARNING: File path check failure on: $work/none" ours || fail "the log has no severity"
[[ $(grep -c ' -> ' ours/clamd.log) -eq 0 ]] || fail "times without LogTime"
kill "$pid"
finish "$pid"
