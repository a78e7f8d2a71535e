#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# --if-due: a timer may wake it as often as it likes, Checks holds all the same. What failed is tried
# again, what was asked for by hand is done.
. "$(dirname "$0")/../support/sigupdate.sh"
put() { printf '%032x:7:Set-%s\n' "$1" "$1" >"$M/a.hdb"; }
live() { grep -q "Set-$1" "$D/a.hdb" 2>/dev/null; }
configure() { # CHECKS [URL]
    write_conf <<<"DatabaseCustomURL ${2:-file://$M/a.hdb}
TestDatabases no
Checks $1"
}
due() { run "$SIGUPDATE" --config-file="$conf" --update-db=custom --if-due "$@"; }
ago() { date -d "$1 ago" +%s >"$D/.hostav/checked"; }

configure 1
put 1
due
expect_status 0
live 1 || fail "nothing is live, and it does not look"
put 2
due --json
expect_status 0
expect_match '"result":"not-due","status":0,"set":[0-9]+,'
live 1 || fail "it looks a second time"

# As often as Checks says.
ago '90 minutes'
configure 24
due
expect_status 0
live 2 || fail "it is due, and does not look"
put 3
configure 1
ago '23 hours'
due --verbose
expect_status 0
expect_match 'nothing to do'
live 2 || fail "not yet due"
ago '25 hours'
due
live 3 || fail "a day later"

# A clock that was put back, or nonsense, holds nothing up.
put 4
date -d '3 days' +%s >"$D/.hostav/checked"
due
live 4 || fail "the clock holds it up"
put 5
echo nonsense >"$D/.hostav/checked"
due
live 5 || fail "nonsense holds it up"

# What failed is not counted.
ago '25 hours'
configure 1 "file://$M/missing.hdb"
due
expect_status 11
configure 1
put 6
due
expect_status 0
live 6 || fail "a failure counts as a check"

# By hand it is done.
put 7
run "$SIGUPDATE" --config-file="$conf" --update-db=custom
expect_status 0
live 7 || fail "by hand"
rm "$D/a.hdb"
due
expect_status 0
live 7 || fail "nothing is live any more"

for with in --daemon --list --allow=x; do
    due "$with"
    expect_status 2
    expect_error '^sigupdate: --if-due: goes with a single update only'
done
configure 0
due
expect_status 9
