#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The nightly scan: only findings and errors are printed, everything is in the log, the report is
# written, two never run at once, cron's job steps back for the machine's own.
set -eu
. "$(dirname "$0")/../support/lib.sh"
! stands_in || skip "nothing to install"
need make flock
prefix=$scratch/root
make -s -C "$repo" install BUILD="$BUILD" DESTDIR="" PREFIX="$prefix" >/dev/null
fullscan=$prefix/libexec/hostav/fullscan
cron=$prefix/etc/cron.daily/hostav-fullscan
mkdir -p "$prefix/etc/hostav" tree
cat >"$prefix/etc/hostav/fullscan.conf" <<CONF
PATHS=$PWD/tree
LOG=$scratch/log/found.log
OPTIONS="-d $db --exclude-dir=^$PWD/tree/left-out --max-filesize=1K"
REPORT=$scratch/report/fullscan.json
LOCK=$scratch/lock
CONF

# Nothing to say: cron sends no mail. A limit that cut a file short is no news, but in the log.
echo clean >tree/clean
random 1 5000 >tree/large
run "$fullscan"
expect_status 0
expect_silent
[[ ! -s $out ]] || fail "cron would mail this"
grep -q 'tree/large: Not fully scanned (MaxFileSize)' "$scratch/log/found.log" || fail "not in the log"
grep -q '"status": *0' "$scratch/report/fullscan.json" || fail "no report of it"

# A finding, by cron.
mkdir tree/left-out
make_eicar tree/bad tree/left-out/bad
run "$cron"
expect_status 1
expect_line "$PWD/tree/bad: $eicar_found"
[[ $(wc -l <"$out") -eq 1 ]] || fail "more than the finding"
grep -qF "tree/bad: $eicar_found" "$scratch/log/found.log" || fail "the finding is not in the log"
grep -q '"infected": *1' "$scratch/report/fullscan.json" || fail "the report does not count it"

# What fails is said.
run "$fullscan" <(echo "PATHS=$PWD/tree LOG=$scratch/log/l REPORT=$scratch/r LOCK=$scratch/k OPTIONS=-d/nowhere")
expect_status 2
expect_match '/nowhere'
expect_error '^fullscan: scan ended with status 2; see '

# Another one is at it.
exec 7>"$scratch/lock"
flock 7
run "$fullscan"
expect_status 75
expect_error 'the scan before is still running'
exec 7>&-

# The machine has a job of its own.
touch "$prefix/etc/cron.daily/fullscan"
run "$cron"
expect_status 0
[[ ! -s $out ]] || fail "it scanned all the same"
