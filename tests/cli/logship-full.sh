#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A disk that is full (a limit of file sizes stands in for it): what cannot be written down, spooled
# or kept as rejected is said, and is no success.
# shellcheck source=tests/support/logship.sh
. "$(dirname "$0")/../support/logship.sh"
start_aws_server
limited() { # KILOBYTES COMMAND...
    local most=$1
    shift
    (ulimit -f "$most" && exec "$@")
}

# Delivered, but the place cannot be written down: it will come again.
{ for i in {1..20}; do echo "line $i"; done; } >"$log"
for i in {1..60}; do cp "$log" "$scratch/many.$i"; done
once=(--group F --stream state --follow all --state-dir "$state" --once "$scratch/many.*")
run limited 12 timeout 120 "$logship" --endpoint-url "$aws_url" "${once[@]}"
expect_one_error 1 "$state: "
ship "${once[@]}"
expect_status 0

# A pipe's spool is full, and nothing can be delivered: asked to end, it says what is lost.
fault '{"op": "PutLogEvents", "fault": "throttle", "count": 0}'
mkfifo "$scratch/feed"
exec 9<>"$scratch/feed"
start bash -c "ulimit -f 64 && exec '$logship' --endpoint-url '$aws_url' --group F --stream spool --spool '$scratch/spool'" \
    <"$scratch/feed"
random 1 120000 | base64 -w 90 >"$scratch/data"
cat "$scratch/data" >&9 & # waits, as the pipe is not read any more
writer=$!
started+=("$writer")
full() { grep -q 'File too large' "$err"; }
eventually full || fail "nothing is said of the full disk"
stop_ship
kill "$writer"
exec 9>&-
expect_status 1
expect_error '^logship: standard input: [0-9]+ bytes that were read are not delivered, and could not be kept'
no_faults
ship --group F --stream spool --spool "$scratch/spool" </dev/null
expect_status 0
[[ $(stored_count F spool) -gt 100 ]] || fail "what was spooled is lost, too"

# Rejected lines of a pipe, and no place to keep them.
configure </dev/null
{ found_line /old $((20 * 86400)); found_line /now; } >"$scratch/lines"
pipe=(--group F --stream pipe --datetime-format '%a %b %d %H:%M:%S %Y')
ship "${pipe[@]}" -q <"$scratch/lines"
expect_one_error 1 'rejected: 1 events, which are kept nowhere'
ship "${pipe[@]}" --state-dir "$scratch/kept" <"$scratch/lines"
expect_status 0
grep -q '/old: ' "$scratch/kept/rejected.jsonl" || fail "it is not kept"
[[ $(stored_count F pipe) -eq 2 ]] || fail "the other line was not delivered"
expect_no_violations
