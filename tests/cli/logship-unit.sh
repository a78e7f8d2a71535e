#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The systemd unit is installed with its program's path, has nothing that systemd complains about and
# leaves little to whoever takes the service over; readiness, life, reload and stop are told by
# sd_notify; the state is where systemd says.
# shellcheck source=tests/support/logship.sh
. "$(dirname "$0")/../support/logship.sh"
# shellcheck source=tests/support/units.sh
. "$support/units.sh"
unit=$units/hostav-logship.service
# shellcheck disable=SC2016 # systemd's variable
grep -qxF "ExecStart=$root/bin/logship --state-dir=%S/logship \$LOGSHIP_OPTIONS" "$unit" ||
    fail "ExecStart: $(grep ExecStart "$unit")"
# shellcheck disable=SC2016 # systemd's variable
for line in Type=notify 'ExecReload=/bin/kill -HUP $MAINPID' StateDirectory=logship DynamicUser=yes \
    RestartPreventExitStatus=2; do
    grep -qxF "$line" "$unit" || fail "no $line"
done
expect_sound_unit hostav-logship.service 20

# What the service's first start does where nothing is configured is said and not tried again.
if [[ ! -e /etc/hostav/awslogs.conf && ! -e /etc/awslogs/awslogs.conf && ! -e /var/awslogs/etc/awslogs.conf ]]; then
    run timeout 60 "$logship" --state-dir="$state"
    expect_one_error 2 'there is none'
fi

mkdir -m 700 "$scratch/service"
echo 'a line' >"$log"
notified STATE_DIRECTORY="$scratch/service" -- \
    READY=1 3xWATCHDOG=1 'STATUS=1 files' HUP RELOADING=1 READY=1 3xWATCHDOG=1 TERM STOPPING=1 -- \
    "$logship" --group G --stream S --to stdout "$log"
expect_status 0
expect_count 1 '"message":"a line"'
expect_error 'read again'
[[ -s $scratch/service/state.mdb ]] || fail "the state is not in STATE_DIRECTORY"
run "$logship" --status --state-dir "$scratch/service" --to stdout
expect_status 0
expect_match 'clamd\.scan: offset 7 of 7, behind 0 bytes'
