#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What systemd thinks of the units: nothing to complain about, and what each leaves to whoever takes
# it over, as a number of tenths: 20 at most for those that need no privilege, for the others what
# they are down to. None is begun anew without a pause.
set -eu
. "$(dirname "$0")/../support/lib.sh"
! stands_in || skip "nothing to install"
need make
root=$scratch/root
run make -s -C "$repo" install BUILD="$BUILD" DESTDIR="" PREFIX="$root"
expect_status 0
units=$root/lib/systemd/system
grep -qxF "ExecStart=$root/libexec/hostav/fullscan" "$units/hostav-fullscan.service" || fail "fullscan's program"
for timer in "$units"/*.timer; do
    [[ -e ${timer%.timer}.service ]] || fail "nothing for ${timer##*/}"
    grep -q '^RandomizedDelaySec=' "$timer" || fail "${timer##*/}: the whole fleet in one second"
done
for timer in sigupdate fullscan; do
    grep -qxE 'Persistent=(yes|true)' "$units/hostav-$timer.timer" || fail "$timer.timer is not persistent"
done
for service in $(grep -lE '^Restart=(always|on-)' "$units"/*.service); do
    grep -qE '^RestartSec=[1-9]' "$service" || fail "${service##*/} may be begun anew at once, for ever"
done
# A finding is no failure.
grep -qx 'SuccessExitStatus=1' "$units/hostav-fullscan.service" || fail "a finding fails fullscan"

command -v systemd-analyze >/dev/null || skip "systemd-analyze is not installed; the rest passed"
run systemd-analyze verify --man=no "$units"/hostav-*
expect_status 0
[[ ! -s $err && ! -s $out ]] || fail "systemd-analyze complains"

systemd-analyze --help | grep -q -e --offline || skip "systemd-analyze has no --offline; the rest passed"
expect_exposure() { # TENTHS UNIT...
    local unit
    for unit in "${@:2}"; do
        run systemd-analyze security --offline=yes --threshold="$1" --no-pager "$units/hostav-$unit.service"
        expect_status 0
    done
}
expect_exposure 20 logship metric-push metric-push-health
expect_exposure 29 fullscan
expect_exposure 35 sigupdate
expect_exposure 49 onaccess-watch
