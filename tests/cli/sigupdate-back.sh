#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Kept sets: --list, --rollback, --hold, --unhold, KeepSets; they cost no space.
. "$(dirname "$0")/../support/sigupdate.sh"
put() { printf '%032x:7:Set-%s\n' "$1" "$1" >"$M/a.hdb"; } # N
configure() {
    write_conf <<<"DatabaseCustomURL file://$M/a.hdb
KeepSets 3
VitalFile /bin/sh
TestDatabases no"
}
live() { grep -o 'Set-[0-9]*' "$D/a.hdb"; }
is_live() { [[ $(live) = "Set-$1" ]] || fail "$(live) is live, not Set-$1"; }
update() {
    sigupdate --update-db=custom
    expect_status 0
}
configure
for n in 1 2 3 4 5 6; do
    put "$n"
    update
    is_live "$n"
done
[[ $(find "$D/.hostav/sets" -name a.hdb | wc -l) -eq 3 ]] || fail "not three sets are kept"
sigupdate --list
expect_status 0
expect_match '^0  live  installed .* 1 signatures$'
expect_match '^3  kept  installed '
expect_match '^   a.hdb +version [0-9a-f]{12} 1 signatures$'
sigupdate --list --json
python3 -c 'import json, sys
sets = json.load(open(sys.argv[1]))["sets"]
assert [s["back"] for s in sets] == [0, 1, 2, 3], sets
assert sets[0]["databases"][0]["name"] == "a.hdb", sets' "$out" || fail "--list --json"

# Back, and the bad version does not come again, but a newer one does.
sigupdate --rollback
expect_status 0
is_live 5
update
is_live 5
expect_match 'was rolled back: waiting for a newer one'
put 7
update
is_live 7
sigupdate --rollback 2
expect_status 0
is_live 6 # 7 replaced 5, which had replaced 6
for wrong in 0 x 99; do
    sigupdate --rollback "$wrong"
    [[ $status -eq 2 || $status -eq 16 ]] || fail "--rollback $wrong: status $status"
    is_live 6
done

# Hold: at what is live, then at what is kept.
version=$("$SIGUPDATE" --config-file="$conf" --list | awk '$1 == "a.hdb" { print $3; exit }')
put 8
sigupdate --hold "a.hdb=$version"
expect_status 0
update
is_live 6
sigupdate --list
expect_match "^a.hdb: version $version held$"
sigupdate --unhold a.hdb
expect_status 0
update
is_live 8
sigupdate --hold="a.hdb=$version"
expect_status 0
is_live 6
sigupdate --hold=a.hdb=000000000000
expect_status 16
expect_error 'neither live nor kept'
is_live 6
sigupdate --unhold a.hdb
sigupdate --unhold a.hdb
expect_status 16
sigupdate --hold=nonsense
expect_status 16

# A kept file that is not what it was is not brought back.
update
is_live 8
for kept in "$D"/.hostav/sets/*/a.hdb; do echo "$(printf '%032x:7:Tampered' 9)" >"$kept.new" && mv "$kept.new" "$kept"; done
sigupdate --rollback
expect_status 4
is_live 8

# Real databases: the versions of their headers.
if [[ -e $SIGNED/test-6.cvd ]]; then
    rm -rf "$D"
    mkdir "$D"
    write_conf <<<"PrivateMirror $M"
    for n in 3 4 6; do
        cp "$SIGNED/test-$n.cvd" "$M/test.cvd"
        sigupdate --update-db=test
        expect_status 0
    done
    sigupdate --list
    expect_match 'test.cvd +version 6 +14 signatures, built 22 Jun 2021'
    sigupdate --hold=test=4
    expect_status 0
    [[ $(version_of test.cvd) -eq 4 ]] || fail "not held at 4"
    sigupdate --update-db=test
    expect_status 0
    [[ $(version_of test.cvd) -eq 4 ]] || fail "did not stay at 4"
    sigupdate --unhold=test
    sigupdate --update-db=test
    [[ $(version_of test.cvd) -eq 6 ]] || fail "not updated again"
    loads
fi
