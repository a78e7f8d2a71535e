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
for tool in scan sigupdate onaccess-watch logship metric-push; do
    [[ -x $root/usr/bin/$tool ]] || fail "no usr/bin/$tool"
    [[ -n $(find "$root/usr/share/man" -name "$tool.[18]*") ]] || fail "no manual page of $tool"
    [[ -n $(find "$root" -path '*bash-completion*' -name "$tool*") ]] || fail "no completion of $tool"
done
for unit in onaccess-watch logship; do
    file=$root/usr/lib/systemd/system/hostav-$unit.service
    grep -q "^ExecStart=/usr/bin/$unit " "$file" || fail "no unit of $unit, or not for /usr"
done
[[ -z $(find "$root" -type f -perm /022) ]] || fail "others may write to what is installed"
[[ -z $(find "$root" -mindepth 1 -maxdepth 1 ! -name usr ! -name etc ! -name lib) ]] || fail "odd places"

make_eicar bad
run "$root/usr/bin/scan" -d "$db" bad
expect_status 1
expect_line "bad: $eicar_found"

# Each place by itself, in GNU's spelling; what reads the configuration knows where it is.
run make -s -C "$repo" install BUILD="$BUILD" DESTDIR="$scratch/gnu" prefix=/opt/hostav sysconfdir=/opt/etc \
    systemdsystemunitdir=/opt/units
expect_status 0
for file in hostav/bin/scan etc/cron.daily/hostav-fullscan units/hostav-fullscan.timer; do
    [[ -e $scratch/gnu/opt/$file ]] || fail "no /opt/$file"
done
grep -q '/opt/etc/hostav/fullscan.conf' "$scratch/gnu/opt/hostav/libexec/hostav/fullscan" || fail "another configuration"
