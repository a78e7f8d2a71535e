#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# DNS tells of the newest versions: a database that is current is not asked for, and a newer ClamAV
# makes OnOutdatedExecute run with its version; one that is no version runs nothing.
. "$(dirname "$0")/../support/sigupdate.sh"
need_root
need_signed
unshare -mn true 2>/dev/null || skip "no namespaces of our own here"
cat >"$scratch/dns" <<'P'
import socket, struct, sys
answer = sys.argv[1].encode()
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(('127.0.0.1', 53))
open(sys.argv[2], 'w').close()
while True:
    query, client = server.recvfrom(512)
    end = query.index(b'\0', 12) + 5
    text = bytes([len(answer)]) + answer
    server.sendto(query[:2] + b'\x81\x80\0\1\0\1\0\0\0\0' + query[12:end] + b'\xc0\x0c' +
                  struct.pack('>HHIH', 16, 1, 60, len(text)) + text, client)
P
echo 'nameserver 127.0.0.1' >"$scratch/resolv.conf"
serve_signed 6
run_with_dns() { # TXT
    rm -f "$scratch/ready" "$scratch/outdated"
    # shellcheck disable=SC2016
    run unshare -mn bash -c '
        ip link set lo up 2>/dev/null || python3 -c "
import fcntl, socket, struct
s = socket.socket()
fcntl.ioctl(s, 0x8914, struct.pack(\"16sH14s\", b\"lo\", 1, b\"\"))"
        mount --bind "$1/resolv.conf" "$(realpath /etc/resolv.conf)" || exit 77
        python3 "$1/dns" "$2" "$1/ready" & dns=$!
        "$3/mirror" --root "$4" --port-file "$1/port" --log "$5" & mirror=$!
        for i in $(seq 200); do [[ -e $1/ready && -s $1/port ]] && break; sleep 0.05; done
        printf "DatabaseMirror http://127.0.0.1:%s\n" "$(cat "$1/port")" >>"$6"
        "$7" --config-file="$6" --update-db=test
        status=$?
        kill $dns $mirror
        exit $status' - "$scratch" "$1" "$support" "$M" "$requests" "$conf" "$SIGUPDATE"
    [[ $status -ne 77 ]] || skip "/etc/resolv.conf cannot be replaced in a namespace"
    rm -f "$scratch/port"
}
configure() {
    write_conf <<<"DNSDatabaseInfo current.test.example
OnOutdatedExecute echo newer is %v >$scratch/outdated"
}
configure
live_signed 1
now=$(date +%s)
run_with_dns "99.1.2:62:27800:$now:1:90:49192:335"
expect_status 0
[[ $(cat "$scratch/outdated") = 'newer is 99.1.2' ]] || fail "OnOutdatedExecute: $(cat "$scratch/outdated" 2>&1)"
expect_error 'OUTDATED'

configure
# shellcheck disable=SC2016 # the shell that must not run it
run_with_dns '99.1.2;touch${IFS}'"$scratch/owned:62:27800:$now:1:90:49192:335"
[[ ! -e $scratch/owned && ! -e $scratch/outdated ]] || fail "a version from DNS was run"

configure
run_with_dns "1.0.0:62:27800:$now:1:90:49192:335"
expect_status 0
[[ ! -e $scratch/outdated ]] || fail "OnOutdatedExecute ran without a newer version"
