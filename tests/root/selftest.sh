#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# hostav-selftest on a watch, a shipper and a stand-in for AWS of the test's own: all works; each part
# that does not is told; it leaves nothing behind, however it ends.
set -eu
. "$(dirname "$0")/../support/aws.sh"
. "$support/watch.sh"
! stands_in || skip "nothing to install"
need make
need_watch
start_aws_server
prefix=$scratch/usr
make -s -C "$repo" install BUILD="$BUILD" DESTDIR="" PREFIX="$prefix" >/dev/null
export AWS_ENDPOINT_URL=$aws_url

configure </dev/null
ship_conf=$scratch/awslogs.conf
printf '[found]\nfile = %s\nlog_group_name = clamav\nlog_stream_name = host\ninitial_position = start_of_file\n' "$log" >"$ship_conf"
start_watch
start_ship() {
    start "$BUILD/logship" -c "$ship_conf" --state-dir "$scratch/state"
    ship=$pid
}
start_ship
selftest() {
    run timeout 200 "$prefix/sbin/hostav-selftest" -c "$conf" --logship-config="$ship_conf" \
        --logship-state="$scratch/state" "$@"
    [[ -z $(find "$scratch/m" -name '.hostav-selftest*') ]] || fail "something is left"
}
works() { expect_match "^$1 +works "; }
fails() { expect_match "^$1 +FAILS "; }

# Nothing counts yet.
selftest
expect_status 1
for step in engine blocked logged shipped; do works $step; done
fails counted
run "$BUILD/metric-push" setup --log-group clamav
expect_status 0
selftest
expect_status 0
works counted
works alarmed
[[ $(stored clamav host | grep -c '/eicar: .* FOUND$') -ge 2 ]] || fail "not in the log stream"
selftest --quiet
[[ ! -s $out ]] || fail "quiet, and says something"
run "$BUILD/metric-push" alarm delete 'ClamAV VIRUS FOUND'
selftest
expect_status 1
fails alarmed

# The service does not take it.
fault '{"op": "PutLogEvents", "fault": "denied", "count": 0}'
selftest --wait 20 -q # a batch waits for five
expect_status 1
expect_match '^shipped +FAILS +[0-9]+ bytes of .* wait after 20 seconds.*logs:PutLogEvents'
no_faults
kill "$ship"
finish "$ship"

# It is ended in the middle.
"$prefix/sbin/hostav-selftest" -c "$conf" --logship-config="$ship_conf" --logship-state="$scratch/state" \
    >"$scratch/half" 2>&1 &
half=$!
eventually grep -q '^logged' "$scratch/half" || fail "it does not get that far"
kill -TERM "$half"
finish "$half"
expect_status 143
[[ -z $(find "$scratch/m" -name '.hostav-selftest*') ]] || fail "something is left"

# Found, but not blocked.
stop_watch
sed -i 's/^OnAccessPrevention .*/OnAccessPrevention no/' "$conf"
start_watch
selftest --wait 2
expect_match '^blocked +not tested +OnAccessPrevention is off'
works logged
# Nobody is there.
stop_watch
selftest
expect_match '^engine +not tested '
expect_no_match '^blocked'
