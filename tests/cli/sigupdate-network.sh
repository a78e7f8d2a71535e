#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Proxy, local address, user agent, attempts: as configured, for official and other databases.
. "$(dirname "$0")/../support/sigupdate.sh"
start_mirror
printf '%032x:7:Harmless\n' 7 >"$M/a.hdb"
databases=(--update-db=custom)
if [[ -e $SIGNED/test-6.cvd ]]; then
    serve_signed 6
    databases+=(--update-db=test)
fi
# Hosts that nobody knows: only the proxy can have answered.
write_conf <<<"DatabaseMirror http://mirror.invalid
DatabaseCustomURL http://custom.invalid/a.hdb
HTTPProxyServer http://127.0.0.1
HTTPProxyPort $port
HTTPProxyUsername someone
HTTPProxyPassword secret
HTTPUserAgent our-own-agent"
chmod 644 "$conf" # as freshclam: not with a password
sigupdate "${databases[@]}"
expect_one_error 2 'HTTPProxyPassword'
chmod 600 "$conf"
http_proxy=http://127.0.0.1:1 sigupdate "${databases[@]}"
expect_status 0
basic=$(printf someone:secret | base64)
[[ $(asked "^GET /a.hdb 200 .*ua=our-own-agent from=127.0.0.1 proxy=True auth=Basic $basic") -eq 1 ]] ||
    fail "the custom source: $(cat "$requests")"
[[ ${#databases[@]} -eq 1 ]] ||
    [[ $(asked "^GET /test.cvd 206 .*ua=our-own-agent from=127.0.0.1 proxy=True") -ge 1 ]] ||
    fail "the official one: $(cat "$requests")"
! grep -q secret "$out" "$err" || fail "the password is shown"

# The local address. libfreshclam takes one only where its libcurl resolves names by c-ares, which
# Debian's does not: then an official update fails, as freshclam's does.
rm -rf "$D"
mkdir "$D"
echo 'LocalIPAddress 127.0.0.2' >>"$conf"
sigupdate --update-db=custom
expect_status 0
[[ $(asked '^GET /a.hdb 200 .*from=127.0.0.2') -eq 1 ]] || fail "not from 127.0.0.2"
if [[ ${#databases[@]} -gt 1 && -x $FRESHCLAM ]]; then
    grep -v ^MaxAge "$conf" >"$scratch/theirs.conf" # which is ours alone
    chmod 600 "$scratch/theirs.conf"
    run "$FRESHCLAM" --config-file="$scratch/theirs.conf" --no-dns --update-db=test
    theirs=$status
    rm -f "$D"/test.c?d
    sigupdate --update-db=test
    expect_status "$theirs"
fi

# A proxy that is not there is not gone around.
sed -i '/^HTTPProxyPassword/d' "$conf"
rm -rf "$D"
mkdir "$D"
sed -i "s/^HTTPProxyPort.*/HTTPProxyPort 1/; s,//custom.invalid,//127.0.0.1:$port," "$conf"
sigupdate --update-db=custom
expect_status 5
[[ ! -e $D/a.hdb ]] || fail "the proxy was gone around"

# Attempts: as many as configured, and none more for what does not get better.
write_conf <<<"DatabaseCustomURL $mirror/a.hdb"
sed -i 's/^MaxAttempts.*/MaxAttempts 2/' "$conf"
for case in '500 2' '404 1' '403 1' '429 1'; do
    read -r kind times <<<"$case"
    : >"$requests"
    fault "a.hdb $kind"
    sigupdate --update-db=custom
    [[ $status -ne 0 && $(asked '^GET /a.hdb') -eq $times ]] || fail "$kind: not asked $times times"
done
no_faults
sigupdate --update-db=custom
expect_status 0
grep -q 'ua=hostav-sigupdate/' "$requests" || fail "who are we?"

# On a terminal: a bar that ends in bytes of bytes; elsewhere nothing.
expect_no_match '\['
rm -rf "$D"
mkdir "$D"
head -c 300000 /dev/zero | tr '\0' '#' >>"$M/a.hdb"
python3 - "$SIGUPDATE" --config-file="$conf" --no-dns --update-db=custom >"$out" 2>"$err" <<'P'
import os, pty, sys
output = b''
def read(fd):
    global output
    data = os.read(fd, 4096)
    output += data
    return data
status = pty.spawn(sys.argv[1:], read)
sys.exit(os.waitstatus_to_exitcode(status))
P
expect_match '^.*a.hdb  .*/s  ETA 0:00  \[=========================\]   293.01KiB/293.01KiB'
rm -rf "$D"
mkdir "$D"
sigupdate --update-db=custom --show-progress
expect_match '\[=+\]   293.01KiB/293.01KiB'
rm -rf "$D"
mkdir "$D"
sigupdate --update-db=custom --quiet
expect_status 0
[[ ! -s $out && ! -s $err ]] || fail "--quiet says something"
