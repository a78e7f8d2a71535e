#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# --report: the numbers of a scan that was completed, and of no other.
set -eu
. "$(dirname "$0")/../support/lib.sh"
! stands_in || skip "clamscan has no --report"
need python3
mkdir t
echo clean >t/a
make_eicar t/b
before=$(date +%s)

reports() { # PYTHON-EXPRESSION over the report r
    python3 -c 'import json, sys; r = json.load(open("r.json")); assert eval(sys.argv[1]), r' "$1" || fail "not: $1"
}
scan -r --report=r.json t
expect_status 1
reports 'r["files"] == 2 and r["infected"] == 1 and r["directories"] == 1 and r["errors"] == 0 and r["status"] == 1'
reports 'r["paths"] == ["t"] and r["signatures"] > 0 and r["partial"] == 0'
reports "$before <= r['start'] <= r['end'] <= $before + 120"
[[ $(stat -c %a r.json) = 644 ]] || fail "mode $(stat -c %a r.json)"
[[ $(ls) = $'r.json\nt' ]] || fail "something is left: $(ls)"

# A later one replaces it; a missing argument makes it no less complete.
rm t/b
scan -r --report=r.json t missing
expect_status 2
reports 'r["files"] == 1 and r["infected"] == 0 and r["status"] == 2'

# What was not completed leaves it as it was.
cp r.json before
mkfifo feed
start "$SCAN" -d "$db" --report=r.json --files0-from=feed
exec 9<>feed
feed t/a
await_line 't/a: OK'
kill -INT "$pid"
finish "$pid"
exec 9>&-
expect_same before r.json "an interrupted scan's report"
scan --report=r.json -d missing.ndb t/a
expect_status 2
expect_same before r.json "a failed scan's report"

# Where it cannot be is said before anything is scanned.
for bad in nowhere/r.json t t/; do
    run "$SCAN" -d "$db" --report="$bad" t/a
    expect_one_error 2 "^scan: $bad: (No such file or directory|Is a directory)"
done
