#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The timer wakes the updater more often than Checks allows: whether it is time is 24 hours / Checks
# after the last check.
set -eu
. "$(dirname "$0")/../support/lib.sh"
! stands_in || skip "nothing to install"
need make
prefix=$scratch/root
make -s -C "$repo" install BUILD="$BUILD" DESTDIR="" PREFIX="$prefix" >/dev/null
printf 'DatabaseMirror database.clamav.net\nChecks 1\n' >daily.conf
printf 'DatabaseMirror database.clamav.net\nChecks 24\n' >hourly.conf
due() { # CONF
    run "$prefix/libexec/hostav/sigupdate-due" "$scratch/stamp" --config-file="$PWD/$1"
}
due daily.conf
expect_status 0 # never yet
touch "$scratch/stamp"
due daily.conf
expect_status 75
due hourly.conf
expect_status 75
touch -d '2 hours ago' "$scratch/stamp"
due daily.conf
expect_status 75
due hourly.conf
expect_status 0
touch -d '25 hours ago' "$scratch/stamp"
due daily.conf
expect_status 0
touch -d '3 days' "$scratch/stamp" # the clock was wrong then
due daily.conf
expect_status 0
touch "$scratch/stamp"
due missing.conf # which sigupdate is to say
expect_status 0
