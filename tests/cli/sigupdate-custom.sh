#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Time limit: 900 seconds
#
# Databases of third parties: every fault costs one source and no other, whatever the order; pins,
# sizes, conditions.
. "$(dirname "$0")/../support/sigupdate.sh"
need openssl
start_mirror
sig() { printf '%032x:%s:%s\n' "$1" "$1" "$2"; } # a signature that hits nothing
good() { sig 1001 Good-One >"$M/a.hdb" && sig 1002 Good-Two >"$M/z.hdb"; }
begin() {
    rm -rf "$D" "$M"
    mkdir "$D" "$M"
    good
}
# Both good sources come although the third one, between or around them, is bad.
bad_one() { # STATUS URL [live|no]
    local order
    for order in 'a bad z' 'bad a z' 'a z bad'; do
        rm -rf "$D"
        mkdir "$D"
        local lines="TestDatabases ${proof:-no}"$'\n'
        for each in $order; do
            case $each in
            bad) lines+="DatabaseCustomURL $2"$'\n' ;;
            *) lines+="DatabaseCustomURL $mirror/$each.hdb"$'\n' ;;
            esac
        done
        write_conf <<<"$lines"
        sigupdate --update-db=custom
        expect_status "$1"
        expect_error '^ERROR: .+'
        cmp -s "$M/a.hdb" "$D/a.hdb" && cmp -s "$M/z.hdb" "$D/z.hdb" || fail "good ones are missing"
        [[ ! -e $D/bad.hdb ]] || fail "the bad one is live"
        [[ -z $(find "$D" -name 'new-*') ]] || fail "something is left"
    done
}

begin
sig 4711 Bad >"$M/bad.hdb"
for case in '404 11' '403 17' '429_60 18' '500 11' 'cut 5' 'length 5' 'garbage 5' 'loop 5' 'empty 6' \
    'hang 5' 'redirect_file:///etc/passwd 5'; do
    read -r kind expected <<<"$case"
    fault "bad.hdb ${kind/_/ }"
    bad_one "$expected" "$mirror/bad.hdb"
    [[ $kind != 429* ]] || expect_error 'tried again after 60 s'
done
no_faults
bad_one 14 "$mirror/bad.hdb#max-size=10"
bad_one 5 "http://127.0.0.1:1/bad.hdb"
bad_one 9 "ftp://127.0.0.1/bad.hdb"
bad_one 9 "$mirror/bad.exe"
bad_one 9 "$mirror/bad.hdb#sha256=12"
bad_one 9 "$mirror/bad.hdb#what=this"
bad_one 11 "file:///nonexistent/bad.hdb"
echo 'this is no signature' >"$M/bad.hdb"
proof=yes bad_one 8 "$mirror/bad.hdb"
echo 'no database' >"$M/bad.cvd"
bad_one 7 "$mirror/bad.cvd"

# Pins.
begin
sum=$(sha256sum "$M/a.hdb" | cut -d' ' -f1)
write_conf <<<"DatabaseCustomURL $mirror/a.hdb#sha256=$sum"
sigupdate --update-db=custom
expect_status 0
expect_line 'a.hdb updated (version: custom database, sigs: 1)'
sig 1003 Other >>"$M/a.hdb"
sigupdate --update-db=custom
expect_status 7
[[ $(wc -l <"$D/a.hdb") -eq 1 ]] || fail "a pinned database was replaced"
fault 'a.hdb corrupt'
write_conf <<<"DatabaseCustomURL $mirror/a.hdb#sha256=$(sha256sum "$M/a.hdb" | cut -d' ' -f1)"
sigupdate --update-db=custom
expect_status 7
no_faults
sigupdate --update-db=custom
expect_status 0

# Detached signatures.
for kind in ed25519 rsa; do
    begin
    case $kind in
    ed25519) openssl genpkey -algorithm ed25519 -out "$scratch/key" 2>/dev/null ;;
    rsa) openssl genrsa -out "$scratch/key" 2048 2>/dev/null ;;
    esac
    openssl pkey -in "$scratch/key" -pubout -out "$scratch/pub"
    sign() {
        case $kind in
        ed25519) openssl pkeyutl -sign -inkey "$scratch/key" -rawin -in "$1" -out "$1.sig" ;;
        rsa) openssl dgst -sha256 -sign "$scratch/key" -out "$1.sig" "$1" ;;
        esac
    }
    sign "$M/a.hdb"
    write_conf <<<"DatabaseCustomURL $mirror/a.hdb#signature=.sig&key=$scratch/pub"
    sigupdate --update-db=custom
    expect_status 0
    sig 1004 Unsigned >>"$M/a.hdb"
    sigupdate --update-db=custom
    expect_status 7
    expect_error 'signature does not fit'
    [[ $(wc -l <"$D/a.hdb") -eq 1 ]] || fail "an unsigned database is live"
    sign "$M/a.hdb"
    sigupdate --update-db=custom
    expect_status 0
    [[ $(wc -l <"$D/a.hdb") -eq 2 ]] || fail "a signed database is not live"
done

# What has not changed is not sent again; what was tampered with here is.
begin
write_conf <<<"DatabaseCustomURL $mirror/a.hdb
DatabaseCustomURL file://$M/z.hdb"
sigupdate --update-db=custom
expect_status 0
sigupdate --update-db=custom
expect_status 0
expect_count 2 'is up-to-date \(version: custom database\)'
[[ $(asked '^GET /a.hdb 304') -ge 1 ]] || fail "the condition was not sent"
sig 1 Tampered >"$D/a.hdb"
sigupdate --update-db=custom
expect_status 0
cmp -s "$M/a.hdb" "$D/a.hdb" || fail "what was tampered with was kept"

# The order of URLs that makes freshclam 1.4.6 crash (its issue 1364): a .cvd after others.
if [[ -e $SIGNED/test-6.cvd ]]; then
    begin
    cp "$SIGNED/test-6.cvd" "$M/my.cvd"
    cp "$SIGNED/bytecode.cvd" "$M/daily.cvd" # for the full run, which is to prune nothing of ours
    write_conf <<<"DatabaseMirror $mirror
ExcludeDatabase main
ExcludeDatabase daily
ExcludeDatabase bytecode
ExtraDatabase test
DatabaseCustomURL $mirror/a.hdb
DatabaseCustomURL $mirror/my.cvd"
    cp "$SIGNED/test-6.cvd" "$M/test.cvd"
    for _ in 1 2; do
        sigupdate
        expect_status 0
        [[ -e $D/a.hdb && -e $D/my.cvd && -e $D/test.cvd ]] || fail "one is missing"
    done
    : >"$D/other.cvd"
    sigupdate
    expect_status 0
    [[ ! -e $D/other.cvd ]] || fail "a full run left a database that is not configured"
fi
