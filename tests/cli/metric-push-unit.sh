#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The systemd units of metric-push are installed with its path, have nothing that systemd complains
# about and leave little to whoever takes them over; the service tells systemd what it does.
# shellcheck source=tests/support/metric-push.sh
. "$(dirname "$0")/../support/metric-push.sh"
# shellcheck source=tests/support/units.sh
. "$support/units.sh"
for unit in hostav-metric-push.service hostav-metric-push-health.service; do
    grep -qE "^ExecStart=$root/bin/metric-push " "$units/$unit" || fail "ExecStart: $(grep ExecStart "$units/$unit")"
    expect_sound_unit "$unit" 20
done
[[ -e $units/hostav-metric-push-health.timer ]] || fail "no timer"
expect_sound_unit hostav-metric-push-health.timer
grep -qE 'OnCalendar=' "$units/hostav-metric-push-health.timer" || fail "it never comes"

# What they call is understood.
start_aws_server
provision health --state-dir "$scratch/h" --without engine --scan-report /nonexistent --database-dir "$db"
expect_status 0

found 3 >"$log"
notified -- READY=1 3xWATCHDOG=1 TERM STOPPING=1 -- "$metric_push" --endpoint-url "$aws_url" --state-dir "$scratch/s" \
    --initial-position start_of_file --file "$log"
expect_status 0
expect_pushed clamav/found VIRUSFOUND 3
