#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# user-data.sh refuses what it cannot do before it has done anything. (What it does is in
# tests/root/chain.sh, on a machine that may be changed.)
set -eu
. "$(dirname "$0")/../support/lib.sh"
! stands_in || skip "nothing to install"
program=user-data
user_data() { run env PATH="$PWD/bin:$PATH" "$@" sh "$repo/scripts/user-data.sh"; }
# Nothing of this is ever to be run here.
mkdir bin
for tool in apt-get dnf systemctl hostav-migrate metric-push; do
    printf '#!/bin/sh\necho "%s was run" >>%s/ran\nexit 1\n' "$tool" "$PWD" >"bin/$tool"
done
chmod 755 bin/*

user_data INCLUDE_PATHS=
expect_one_error 1 'INCLUDE_PATHS is empty'
user_data INCLUDE_PATHS='/home srv'
expect_one_error 1 'srv: not an absolute path'
user_data ALARM=perhaps
expect_one_error 1 'ALARM=perhaps'
# The connection broke: half of it is not run.
head -c 6000 "$repo/scripts/user-data.sh" >half
run env PATH="$PWD/bin:$PATH" sh <half
expect_status 2
if [[ $EUID -ne 0 ]]; then
    user_data
    expect_one_error 1 'needs root'
elif [[ ! -d /run/systemd/system ]]; then
    user_data
    expect_one_error 1 'runs systemd'
fi
[[ ! -e ran ]] || fail "something was run: $(cat ran)"
