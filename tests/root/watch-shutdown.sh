#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# SHUTDOWN and QUIT: where a gate is on, only root ends it; without one, whoever may connect, as
# with clamd.
set -eu
. "$(dirname "$0")/../support/lib.sh"
. "$support/watch.sh"
need_watch
need python3
home=$scratch/m/home
make_eicar "$home/eicar"
cat >"$scratch/say.py" <<'PY'
"""Says something as a user; prints the answer."""
import os, socket, sys
where, data = sys.argv[2], sys.argv[3].encode().decode('unicode_escape').encode()
os.setresuid(*[int(sys.argv[1])] * 3)
s = socket.create_connection(('127.0.0.1', int(where))) if where.isdigit() else socket.socket(socket.AF_UNIX)
if not where.isdigit(): s.connect(where)
s.settimeout(20)
s.sendall(data)
while piece := s.recv(1000): sys.stdout.write(piece.decode().replace('\0', '|').replace('\n', '|'))
PY
say() { python3 "$scratch/say.py" "$@"; } # UID SOCKET-OR-PORT DATA
ends() { # how the watch ended by itself
    local code=0
    wait "$watcher" || code=$?
    watcher=
    [[ $code -eq 0 ]] || fail "the watch ended with status $code"
    logged '--- Stopped at'
}

port=13389
configure <<CONF
LocalSocketMode 666
TCPSocket $port
User nobody
CONF
for command in SHUTDOWN QUIT; do
    start_watch
    for framed in "$command" "$command\n" "n$command\n" "z$command\0"; do
        said=$(say 12345 "$sock" "$framed")
        [[ $said = 'Access denied. ERROR|' ]] || fail "$framed by an ordinary user: '$said'"
        said=$(say 0 "$port" "$framed") # who that is nobody can tell
        [[ $said = 'Access denied. ERROR|' ]] || fail "$framed by TCP: '$said'"
    done
    denied "$home/eicar"
    "$watch" -c "$conf" --status >/dev/null || fail "protection has ended"
    said=$(say 0 "$sock" "n$command\n")
    [[ -z $said ]] || fail "$command by root: '$said'"
    ends
    readable "$home/eicar"
    [[ ! -e $sock ]] || fail "the socket is left"
done

# No gate, nothing to switch off but the service that asks for it.
cat >"$conf" <<CONF
LogFile $log
LocalSocket $sock
LocalSocketMode 666
DatabaseDirectory $db
CONF
start_watch
said=$(say 12345 "$sock" 'QUIT')
[[ -z $said ]] || fail "QUIT without a gate: '$said'"
ends
