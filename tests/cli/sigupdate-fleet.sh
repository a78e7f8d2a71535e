#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# One machine serves others: a directory that freshclam and sigupdate take for a mirror, whole files
# and diffs; and archives for machines without a network.
. "$(dirname "$0")/../support/sigupdate.sh"
need_signed
W=$scratch/www
mkdir "$W"
start_mirror
origin=$mirror
configure() {
    write_conf <<<"DatabaseMirror $origin
ExcludeDatabase main
ExcludeDatabase daily
ExcludeDatabase bytecode
ExtraDatabase test
DatabaseCustomURL $origin/extra.ndb
VitalFile /bin/sh"
}
configure
printf 'Eicar-Test-Signature:0:0:%s\n' "$(eicar | od -An -v -tx1 | tr -d ' \n')" >"$M/extra.ndb"

serve_signed 4
live_signed 1
sigupdate --serve-dir="$W"
expect_status 0
cmp -s "$M/test.cvd" "$W/test.cvd" || fail "the whole signed file is not served"
for n in 2 3 4; do cmp -s "$SIGNED/test-$n.cdiff" "$W/test-$n.cdiff" || fail "no diff $n"; done
cmp -s "$M/extra.ndb" "$W/extra.ndb" || fail "the third-party database is not served"
serve_signed 6
sigupdate --serve-dir="$W"
expect_status 0
cmp -s "$SIGNED/test-6.cvd" "$W/test.cvd" && [[ -e $W/test-6.cdiff ]] || fail "not served: 6"
[[ $(asked '^GET /test-4.cdiff 200') -eq 1 ]] || fail "a diff was fetched again"
[[ $(stat -c %a "$W/test.cvd") = 644 ]] || fail "not readable for a web server"
# What is not a diff is not served; what is not live any more goes, if we put it there.
touch "$W/index.html"
rm "$W/test-6.cdiff"
fault 'test-6.cdiff corrupt' # its middle: still a diff by its head, so break that
printf 'nonsense' >"$M/test-6.cdiff"
no_faults
sigupdate --serve-dir="$W"
[[ ! -e $W/test-6.cdiff && -e $W/index.html ]] || fail "nonsense is served, or a page is gone"
cp "$SIGNED/test-6.cdiff" "$M/test-6.cdiff"
sigupdate --serve-dir="$W"
expect_status 0

# Clients of that directory: Debian's freshclam and ours, whole files and diffs.
M=$W start_mirror
client=$scratch/client
for program_of_client in "$SIGUPDATE" "$FRESHCLAM"; do
    command -v "$program_of_client" >/dev/null || continue
    for kind in PrivateMirror DatabaseMirror; do
        rm -rf "$client"
        mkdir "$client"
        cp "$SIGNED/test-2.cvd" "$client/test.cvd"
        : >"$requests"
        printf '%s\n' "DatabaseDirectory $client" "DatabaseOwner $account" "$kind $mirror" \
            'MaxAttempts 1' "DatabaseCustomURL $mirror/extra.ndb" >"$scratch/client.conf"
        run "$program_of_client" --config-file="$scratch/client.conf" --no-dns --update-db=test \
            --update-db=custom
        expect_status 0
        run "$CLAMSCAN" -d "$client" --no-summary "$conf"
        expect_status 0
        if [[ $kind = PrivateMirror ]]; then
            cmp -s "$client/test.cvd" "$W/test.cvd" || fail "$program_of_client: not whole"
        else
            [[ $(asked 'GET /test-[3-6].cdiff 200') -eq 4 ]] || fail "$program_of_client: no diffs"
            [[ $(head -c 512 "$client/test.cld" | cut -d: -f3) -eq 6 ]] || fail "not version 6"
        fi
        cmp -s "$client/extra.ndb" "$W/extra.ndb" || fail "$program_of_client: no extra.ndb"
    done
done

# --- archives
archive=$scratch/set.tar.zst
sigupdate --allow="$(printf '%064d' 7):7"
expect_status 0
sigupdate --export="$archive"
expect_status 0
need zstd
run tar --zstd -tf "$archive"
expect_status 0
[[ $(head -n 1 "$out") = manifest ]] || fail "the manifest is not first"
expect_line test.cvd
expect_no_match 'freshclam.dat|hostav-allow'
server=$D
D=$scratch/second
mkdir "$D"
configure
sigupdate --import="$archive"
expect_status 0
cmp -s "$server/test.cvd" "$D/test.cvd" && cmp -s "$server/extra.ndb" "$D/extra.ndb" ||
    fail "not imported"
loads
[[ $(stat -c %u "$D/test.cvd") -eq $EUID ]] || fail "imported files are somebody else's"
# By a pipe, and nothing new.
"$SIGUPDATE" --config-file="$conf" --export=- >"$scratch/piped"
run "$SIGUPDATE" --config-file="$conf" --import=- <"$scratch/piped"
expect_status 0
# Older ones are left out.
cp "$SIGNED/test-4.cvd" "$scratch/keep.cvd"
third=$scratch/third
mkdir "$third"
D=$third
configure
live_signed 4
sigupdate --export="$scratch/old.tar.zst"
expect_status 0
D=$scratch/second
configure
sigupdate --import="$scratch/old.tar.zst"
expect_status 0
expect_error 'older than the live'
[[ $(version_of test.cvd) -eq 6 ]] || fail "went back"

# Hostile and broken archives: refused, and nothing has changed.
cp -r "$D" "$scratch/before"
refused() {
    sigupdate --import="$1"
    [[ $status -eq 7 ]] || fail "status $status for $1"
    [[ $(wc -l <"$err") -ge 1 ]] || fail "nothing said"
    cmp -s "$scratch/before/test.cvd" "$D/test.cvd" || fail "the live set has changed"
    [[ -z $(ls "$D/.hostav/staging") ]] || fail "something is left in staging"
}
head -c 3000 "$archive" >"$scratch/cut"
refused "$scratch/cut"
echo nonsense >"$scratch/nonsense"
refused "$scratch/nonsense"
refused /dev/null
mkdir "$scratch/x" && cd "$scratch/x"
tar --zstd -xf "$archive"
make() { tar --zstd -cf "$scratch/made" "$@"; }
make test.cvd extra.ndb
refused "$scratch/made"
echo extra >other.ndb && make manifest test.cvd extra.ndb other.ndb
refused "$scratch/made"
make manifest test.cvd
refused "$scratch/made"
ln -s /etc/passwd link.ndb && make manifest test.cvd extra.ndb link.ndb
refused "$scratch/made"
tar --zstd -cPf "$scratch/made" manifest test.cvd extra.ndb --transform 's,other,../../other,' other.ndb
refused "$scratch/made"
[[ ! -e $D/other.ndb ]] || fail "out of the staging directory"
echo tampered >>extra.ndb && make manifest test.cvd extra.ndb
refused "$scratch/made"
mkfifo fifo.ndb && make manifest fifo.ndb
refused "$scratch/made"
sigupdate --import=/nonexistent
expect_status 7
