#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The sockets of the door: owner, group and mode as configured; a stale one is replaced, a live one
# or a file is left alone; those of systemd; TCP only where it was asked for.
set -eu
. "$(dirname "$0")/../support/lib.sh"
. "$support/watch.sh"
need_root
need python3 systemd-socket-activate
chmod 755 "$scratch" "$scratch/w"
port=13388
configure_door() { # options from stdin
    cat >"$conf" <<CONF
LogFile $log
LocalSocket $sock
DatabaseDirectory $db
User nobody
CONF
    cat >>"$conf"
}
refused() { # REGEX: it does not start, and says why
    run timeout 60 "$watch" -c "$conf" -q
    expect_status 1
    [[ $(wc -l <"$err") -eq 1 ]] || fail "not exactly one line"
    expect_error "^onaccess-watch: .*$1"
}
pings() { # UID GID: who asks
    python3 -c 'import os, socket, sys
uid, gid = int(sys.argv[2]), int(sys.argv[3])
os.setgroups([]); os.setresgid(gid, gid, gid); os.setresuid(uid, uid, uid)
s = socket.socket(socket.AF_UNIX); s.settimeout(20); s.connect(sys.argv[1]); s.sendall(b"zPING\0")
sys.exit(s.recv(10) != b"PONG\0")' "$sock" "$1" "$2" 2>/dev/null
}
like() { # MODE OWNER GROUP of the socket
    local is
    is=$(stat -c '%a %U %G' "$sock")
    [[ $is = "$*" ]] || fail "the socket is $is, not $*"
}
other() { pings 12345 "${1:-12345}"; }

# Mode and group; without, everybody may connect. What is no reading or writing counts for nothing.
configure_door </dev/null
start_watch
like 666 nobody nogroup
other || fail "not everybody may connect"
stop_watch
[[ ! -e $sock ]] || fail "the socket is left"
configure_door <<<$'LocalSocketGroup daemon\nLocalSocketMode 770'
start_watch
like 660 nobody daemon
other "$(getent group daemon | cut -d: -f3)" || fail "the group may not connect"
! other || fail "others may connect"
pings "$(id -u nobody)" 12345 || fail "the owner may not connect"
stop_watch
# Names that this machine does not have never open it further than asked for.
for option in 'LocalSocketGroup no-such-group' 'User no-such-user'; do
    configure_door < <(printf '%s\nLocalSocketMode 666\n' "$option")
    [[ $option != User* ]] || sed -i '/^User nobody/d' "$conf"
    start_watch
    like 600 root root
    ! other || fail "$option: everybody may connect"
    stop_watch
done
configure_door <<<'LocalSocketMode 888'
refused 'LocalSocketMode 888: is no mode'

# A stale socket: whoever made it was killed.
configure_door </dev/null
start_watch
main=$(main_pid)
others=$(pgrep -P "$main")
stop_watch KILL
dead() { ! kill -0 $others 2>/dev/null; }
eventually dead || fail "processes outlive the one that was killed"
[[ -S $sock ]] || fail "there is no stale socket"
old=$(stat -c %i "$sock")
configure_door <<<'FixStaleSocket no'
refused 'is there already \(FixStaleSocket no\)'
[[ $(stat -c %i "$sock") = "$old" ]] || fail "FixStaleSocket no: it was replaced"
configure_door <<<'FixStaleSocket yes'
start_watch
pings 0 0 || fail "nobody answers on the socket that was replaced"
# A live one is not taken over, whatever is configured.
old=$(stat -c %i "$sock")
for fix in yes no; do
    sed "s|^LogFile .*|LogFile $scratch/second.log|; s|^FixStaleSocket .*|FixStaleSocket $fix|" "$conf" >"$scratch/second.conf"
    run timeout 60 "$watch" -c "$scratch/second.conf" -q
    expect_status 1
    expect_error '^onaccess-watch: .*another daemon answers there'
done
[[ $(stat -c %i "$sock") = "$old" ]] || fail "a live socket was replaced"
pings 0 0 || fail "the first one does not answer any more"
stop_watch
# What is no socket is nobody's to remove.
echo precious >"$sock"
refused 'is there already and is no socket'
[[ $(cat "$sock") = precious ]] || fail "a file was replaced"
rm "$sock"

# TCP: on loopback when no address is given, else only there.
tcp() { # ADDRESS
    python3 -c 'import socket, sys
s = socket.create_connection((sys.argv[1], int(sys.argv[2])), 20); s.sendall(b"zPING\0")
sys.exit(s.recv(10) != b"PONG\0")' "$1" "$port" 2>/dev/null
}
listening() { # addresses with our port, in hexadecimal, of every family
    awk -v port="$(printf '%04X' "$port")" '$4 == "0A" { n = split($2, part, ":"); if (part[n] == port) print part[1] }' \
        /proc/net/tcp /proc/net/tcp6 | sort | xargs
}
configure_door <<<"TCPSocket $port"
start_watch
tcp 127.0.0.1 || fail "nobody answers on 127.0.0.1"
for address in $(listening); do
    [[ $address = 0100007F || $address = 00000000000000000000000001000000 ]] || fail "it listens on $address"
done
stop_watch
configure_door < <(printf 'TCPSocket %s\nTCPAddr 127.0.0.2\nTCPAddr 127.0.0.3\n' "$port")
start_watch
logged "TCP: Bound to [127.0.0.2]:$port"
tcp 127.0.0.2 && tcp 127.0.0.3 || fail "nobody answers on TCPAddr"
! tcp 127.0.0.1 || fail "it answers where it was not asked to"
[[ $(listening) = '0200007F 0300007F' ]] || fail "it listens on $(listening)"
stop_watch

# Sockets that systemd hands over: the configuration's are not made.
activated=$scratch/activated.sock
configure_door <<<"TCPSocket $port"
: >"$log"
setsid timeout -k 5 120 systemd-socket-activate -l "$activated" -l 127.0.0.1:13387 \
    "$watch" -c "$conf" >"$scratch/watch.out" 2>&1 &
watcher=$!
eventually test -S "$activated" || fail "systemd-socket-activate makes no socket"
said=$(python3 -c 'import socket, sys
a = socket.socket(socket.AF_UNIX); a.settimeout(60); a.connect(sys.argv[1]); a.sendall(b"zPING\0")
b = socket.create_connection(("127.0.0.1", 13387), 60); b.sendall(b"zPING\0")
print(a.recv(10), b.recv(10))' "$activated")
[[ $said = "b'PONG\\x00' b'PONG\\x00'" ]] || fail "sockets of systemd: $said"
logged 'Received 2 file descriptor(s) from systemd.'
[[ ! -e $sock && -z $(listening) ]] || fail "sockets of its own were made, too"
python3 -c 'import socket, sys
s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); s.sendall(b"nSHUTDOWN\n"); s.recv(10)' "$activated"
wait "$watcher" || fail "the watch ended with an error"
watcher=
[[ -S $activated ]] || fail "systemd's socket was removed"
