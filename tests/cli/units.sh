#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What systemd thinks of the units: nothing to complain about, and what each leaves to whoever takes
# it over, as a number of tenths: 20 at most for those that need no privilege, for the others what
# they are down to. None is begun anew without a pause.
set -eu
. "$(dirname "$0")/../support/lib.sh"
! stands_in || skip "nothing to install"
. "$support/units.sh"
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

expect_sound_unit hostav-fullscan.service 29
expect_sound_unit hostav-sigupdate.service 35
expect_sound_unit hostav-onaccess-watch.service 49
for service in "$units"/hostav-{logship,metric-push,metric-push-health}.service; do
    expect_sound_unit "${service##*/}" 20
done
