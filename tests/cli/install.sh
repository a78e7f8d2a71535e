#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# `make install DESTDIR=` puts everything under DESTDIR, and it works from there.
set -eu
. "$(dirname "$0")/../support/lib.sh"
! stands_in || skip "nothing to install"
need make

root=$scratch/root
run make -s -C "$repo" install BUILD="$BUILD" DESTDIR="$root" PREFIX=/usr
expect_status 0
[[ -x $root/usr/bin/scan ]] || fail "no usr/bin/scan"
[[ -n $(find "$root/usr/share/man/man1" -name 'scan.1*') ]] || fail "no manual page"
[[ -n $(find "$root" -path '*bash-completion*' -name 'scan*') ]] || fail "no completion"
[[ -z $(find "$root" -type f -perm /022) ]] || fail "others may write to what is installed"
[[ -z $(find "$root" -mindepth 1 -maxdepth 1 ! -name usr ! -name etc ! -name lib) ]] || fail "odd places"

make_eicar bad
run "$root/usr/bin/scan" -d "$db" bad
expect_status 1
expect_line "bad: $eicar_found"
