#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Every limit of PutLogEvents is kept by itself (the server refuses what breaks one and says so), and
# nothing is lost over it: counts, bytes with overhead, long lines, order, 24 hours, too old, too
# new, bytes that are no text.
# shellcheck source=tests/support/logship.sh
. "$(dirname "$0")/../support/logship.sh"
start_aws_server

# More events than a batch may have, all of one byte.
yes | head -n 25000 | ship --group L --stream count
expect_status 0
[[ $(stored_count L count) -eq 25000 ]] || fail "not all"
[[ $(aws_requests PutLogEvents status=200) -eq 3 ]] || fail "$(aws_requests PutLogEvents status=200) requests"

# A line longer than an event may be comes in pieces that say so, cut between characters.
/usr/bin/python3 - >"$scratch/long" <<'PY'
import sys
sys.stdout.write('short before\n' + 'ü€😀' * 350000 + '\nshort after\n')
PY
ship --group L --stream long <"$scratch/long"
expect_status 0
stored L long >"$scratch/got"
[[ $(head -n 1 "$scratch/got") = 'short before' && $(tail -n 1 "$scratch/got") = 'short after' ]] || fail "neighbours"
/usr/bin/python3 - "$scratch/got" <<'PY' || fail "the pieces are not the line"
import sys
pieces = open(sys.argv[1], encoding='utf-8').read().split('\n')[1:-2]
assert len(pieces) == 4, len(pieces)
assert all(len(p.encode()) <= 1_000_000 for p in pieces)
assert all(p.endswith(' [continued]') for p in pieces[:-1]) and all(p.startswith('[continuation] ') for p in pieces[1:])
text = ''.join(p.removeprefix('[continuation] ').removesuffix(' [continued]') for p in pieces)
assert text == 'ü€😀' * 350000
PY

# Lines out of order, over days, too old, too new.
configure </dev/null
sed -i 's/{instance_id}/times/' "$conf"
{
    found_line /now 0
    found_line /yesterday 90000
    found_line /hour 3600
    found_line /too-old $((15 * 86400))
    found_line /thirteen-days $((13 * 86400))
    found_line /too-new -10800
    found_line /soon -3600
} >"$log"
ship_once
expect_status 0
for name in now yesterday hour thirteen-days soon; do
    stored clamav times | grep -q "/$name:" || fail "$name was not stored"
done
[[ $(stored_count clamav times) -eq 5 ]] || fail "$(stored_count clamav times) events"
for name in too-old too-new; do
    grep -q "\"reason\":.*/$name:" "$state/rejected.jsonl" || fail "$name is not kept"
done

# Bytes that are no text.
printf 'bad \xff\xfe byte\n\xc3\nnul \0 esc \033[1m\n' | ship --group L --stream bytes -v
expect_status 0
expect_error 'invalid sequences'
[[ $(stored_count L bytes) -eq 3 ]] || fail "not all"
stored L bytes >"$scratch/got"
grep -qa $'^bad \xef\xbf\xbd\xef\xbf\xbd byte$' "$scratch/got" || fail "not replaced"
grep -qaP '^nul \x00 esc \x1b\[1m$' "$scratch/got" || fail "control characters are lost"
expect_no_violations
