# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What the tests of logship source: the stand-in for AWS (aws.sh), the tool, a configuration, logs
# with time stamps.

# shellcheck source=tests/support/aws.sh
# shellcheck disable=SC2034,SC2154 # some are for the tests only, some of lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/aws.sh"
shopt -s lastpipe # `printf … | ship` leaves its status here
logship=$BUILD/logship
program=logship
state=$scratch/state
log=$scratch/clamd.scan
conf=$scratch/awslogs.conf

# The configuration that users have, but for paths, with further lines of the section from stdin.
# The buffer is the least that there is (5 s); --once and stops do not wait for it.
configure() {
    {
        sed -e "s|/var/lib/awslogs/agent-state|$scratch/agent-state|" -e "s|/var/log/clamd.scan|$log|" \
            "$repo/tests/support/awslogs.conf"
        cat
    } >"$conf"
}
# Runs it to its end against the server: ship OPTION...
ship() { run timeout 120 "$logship" --endpoint-url "$aws_url" "$@"; }
ship_once() { ship -c "$conf" --state-dir "$state" --once "$@"; }
# Starts a resident; its pid is in $pid.
start_ship() { start "$logship" --endpoint-url "$aws_url" -c "$conf" --state-dir "$state" "$@"; }
stop_ship() { # [SIGNAL]
    kill "-${1:-TERM}" "$pid" 2>/dev/null || true
    finish "$pid"
}
expect_quiet() { [[ ! -s $err ]] || fail "it says something"; }

# `Thu Nov 26 07:43:10 2026`: now, or so many seconds ago.
stamp() { LC_ALL=C date -d "@$(($(date +%s) - ${1:-0}))" '+%a %b %e %H:%M:%S %Y'; }
found_line() { # PATH [SECONDS-AGO]
    printf '%s -> %s: Eicar-Signature FOUND\n' "$(stamp "${2:-0}")" "$1"
}
