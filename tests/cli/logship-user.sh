#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What a new user does: standard descriptors that are closed or broken end it at once, with one line;
# --status needs no configuration. Killed before its first delivery, it still knows the file it began.
# shellcheck source=tests/support/logship.sh
. "$(dirname "$0")/../support/logship.sh"
start_aws_server

# Nothing that is opened later becomes a standard descriptor.
ship --group G --stream closed <&-
expect_one_error 1 'stdin: Bad file descriptor'
timeout 60 "$logship" --group G --to stdout <<<x >&- 2>"$scratch/said" && fail "it says that it has printed"
grep -qx 'logship: not everything is delivered: stdout: Bad file descriptor' "$scratch/said" ||
    fail "it says: $(cat "$scratch/said")"
printf 'line\n' >"$log"
timeout 60 "$logship" --endpoint-url "$aws_url" --group G --stream all --state-dir "$state" --once "$log" \
    <&- >&- 2>&- || fail "it cannot do without standard descriptors"
expect_stored G all line

# What reads has gone: an end, no talk of trying again.
status=0
seq 1 100000 | { timeout 60 "$logship" --group G --to stdout 2>"$scratch/said" || echo $? >"$scratch/rc"; } | head -n 1 >"$out"
[[ $(cat "$scratch/rc") -eq 1 ]] || fail "status $(cat "$scratch/rc")"
[[ $(cat "$scratch/said") == 'logship: not everything is delivered: stdout: Broken pipe' ]] ||
    fail "it says: $(cat "$scratch/said")"

# What cannot be printed is no success.
for option in --help --check-config; do
    "$logship" "$option" --group G >/dev/full 2>"$scratch/said" && fail "$option: printed into the full device"
    grep -q '^logship: stdout: No space' "$scratch/said" || fail "it says: $(cat "$scratch/said")"
done

# Without a configuration: the state is found where it is.
run env STATE_DIRECTORY="$state" timeout 20 "$logship" --status
expect_status 0
expect_match "$log: offset 5 of 5"

# Killed before anything was delivered, and rotated then: both files come.
early=$scratch/early.log
echo first >"$early"
start "$logship" --endpoint-url "$aws_url" --group G --stream early --state-dir "$scratch/early" "$early"
known() { "$logship" --status --state-dir "$scratch/early" 2>"$err" | grep -q "$early"; }
eventually known || fail "the file is not remembered"
kill -KILL "$pid"
finish "$pid"
mv "$early" "$early.1"
echo second >"$early"
ship --group G --stream early --state-dir "$scratch/early" --once "$early"
expect_status 0
expect_stored G early first second
