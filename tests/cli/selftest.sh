#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# hostav-selftest: wrong options are told, and where nobody protects anything it says that nothing
# could be tested.
set -eu
. "$(dirname "$0")/../support/lib.sh"
! stands_in || skip "nothing to install"
need make
prefix=$scratch/usr
make -s -C "$repo" install BUILD="$BUILD" DESTDIR="" PREFIX="$prefix" >/dev/null
selftest=$prefix/sbin/hostav-selftest
program=hostav-selftest
chmod 755 "$scratch" # where it becomes another user

run "$selftest" --help
expect_status 0
expect_match '^Usage: hostav-selftest'
for wrong in --colour --strict=yes --wait '--wait=1 s' '--path=/nowhere' --user=nobody-of-that-name --user=root; do
    run "$selftest" "$wrong"
    expect_one_error 2 "${wrong%%[= ]*}"
done
if [[ $EUID -ne 0 ]]; then
    run "$selftest"
    expect_one_error 2 'root'
    exit 0
fi

# A socket where nobody listens. systemd, where it runs, has no units of ours on.
printf 'LocalSocket %s\nOnAccessIncludePath %s\n' "$scratch/no.sock" "$PWD" >conf
run "$selftest" -c "$PWD/conf"
expect_match '^engine +not tested +nobody answers'
expect_no_match ' (works|FAILS) '
expect_status 77
run "$selftest" -c "$PWD/conf" --quiet
[[ ! -s $out ]] || fail "quiet, and says something"
run "$selftest" -c "$PWD/conf" --quiet --strict
expect_status 1
expect_match '^engine +not tested'
[[ -z $(find . -name '.hostav-selftest*') ]] || fail "something is left"
