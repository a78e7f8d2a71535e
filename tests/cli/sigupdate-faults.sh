#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Everything that a mirror can do wrong to an official database: the live set stays, the status is
# freshclam's, the next run succeeds.
. "$(dirname "$0")/../support/sigupdate.sh"
need_signed
start_mirror
write_conf <<<"DatabaseMirror $mirror
ScriptedUpdates no"

begin() { # version 1 is live, 6 is served
    rm -rf "$D"
    mkdir "$D"
    rm -f "$M"/*
    live_signed 1
    serve_signed 6
}
# fails STATUS: nothing has changed, and nothing is left lying about.
fails() {
    expect_status "$1"
    expect_error '^ERROR: |^WARNING: '
    cmp -s "$SIGNED/test-1.cvd" "$D/test.cvd" || fail "the live set has changed"
    [[ -z $(find "$D" -name 'tmp.*' -o -name 'new-*') ]] || fail "something is left"
}
recovers() {
    no_faults
    rm -f "$D/freshclam.dat" # a cool-down of hours is not waited for
    sigupdate --update-db=test
    expect_status 0
    [[ $(version_of) -eq 6 ]] || fail "no recovery"
}
version_of() { head -c 512 "$D"/test.c?d | cut -d: -f3; }

for case in '404 11' '500 11' 'cut_100 11' 'garbage 11' 'loop 11' 'hang 11'; do
    begin
    read -r kind expected <<<"${case//_/ }"
    [[ $case = cut* ]] && read -r kind argument expected <<<"${case//_/ }" || argument=
    fault "test.cvd $kind $argument"
    sigupdate --update-db=test
    fails "$expected"
    recovers
done

# A header that is good and a body that is not: corrupt in the middle, cut, too long, other bytes.
begin
python3 - "$M/test.cvd" <<'P'
import sys
data = bytearray(open(sys.argv[1], 'rb').read())
data[600] ^= 0x55
open(sys.argv[1], 'wb').write(data)
P
sigupdate --update-db=test
expect_status 7
cmp -s "$SIGNED/test-1.cvd" "$D/test.cvd" || fail "a wrong signature went live"
begin
recovers

# Forbidden, and asked to come later (libfreshclam knows it of files, not of their headers): nothing
# is asked during the cool-down, which is status 0, or 18 with --strict; it is in freshclam.dat.
for case in '403 17' '429_7200 0'; do
    begin
    read -r kind expected <<<"$case"
    fault "whole:test.cvd ${kind/_/ }"
    sigupdate --update-db=test
    fails "$expected"
    before=$(wc -l <"$requests")
    no_faults
    sigupdate --update-db=test
    expect_status 0
    expect_error 'cool-down until after'
    sigupdate --update-db=test --strict --json
    expect_status 18
    expect_match '"result":"cooling-down"'
    [[ $(wc -l <"$requests") -eq $before ]] || fail "asked during the cool-down"
    cmp -s "$SIGNED/test-1.cvd" "$D/test.cvd" || fail "the live set has changed"
    recovers
done

# The body is not what its header promised.
for kind in cut length corrupt empty; do
    begin
    fault "whole:test.cvd $kind"
    sigupdate --update-db=test
    [[ $status -ne 0 ]] || fail "$kind is no failure"
    fails "$status"
    recovers
done

# Diffs: an empty one, a corrupt one, one that is cut: the whole file comes instead.
write_conf <<<"DatabaseMirror $mirror"
for kind in empty corrupt 'cut 50' 404; do
    begin
    fault "test-2.cdiff $kind"
    [[ $kind != 404 ]] || fault 'test-?.cdiff 404'
    sigupdate --update-db=test
    expect_status 0
    [[ $(version_of) -eq 6 ]] || fail "$kind diff: not version 6"
    loads
done

# Slow, but not too slow.
begin
fault 'test-3.cdiff slow 800'
sigupdate --update-db=test
expect_status 0
[[ $(version_of) -eq 6 ]] || fail "slow: not version 6"
