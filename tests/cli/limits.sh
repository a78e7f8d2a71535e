#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A file that limits cut short is OK nowhere: it is said to be not fully scanned, in the line, the
# summary, the log and under -i; with --strict the exit status says so too.
set -eu
. "$(dirname "$0")/../support/lib.sh"
! stands_in || skip "clamscan says OK"
need_testfiles
need python3

"$support/make-corpus" c
head -c 204800 /dev/zero >member
python3 -m zipfile -c member.zip member
gzip -k member
cp c/arc/many.zip c/arc/nested.zip c/arc/large.zip c/plain/clean.txt .

partial() { # LIMIT OPTIONS… FILE
    local limit=$1 file=${*: -1}
    shift
    scan "$@"
    expect_status 0
    expect_line "$file: Not fully scanned ($limit)"
    expect_no_line "$file: OK"
    expect_match '^Partially scanned files: 1$'
    scan --strict "$@"
    expect_status 2
    scan -i --no-summary "$@"
    expect_line "$file: Not fully scanned ($limit)"
    scan -o --log=log "$@"
    expect_line "$file: Not fully scanned ($limit)"
    grep -qxF "$file: Not fully scanned ($limit)" log || fail "not in the log"
    rm log
}
whole() { # OPTIONS… FILE
    scan --strict "$@"
    expect_status 0
    expect_line "${*: -1}: OK"
    expect_no_match '^Partially'
}

partial MaxFileSize --max-filesize=1K clean.txt
partial MaxFileSize --max-filesize=50K member.zip # its member is trimmed; libclamav says nothing
partial MaxFileSize --max-filesize=50K member.gz
partial MaxFiles --max-files=20 many.zip
partial MaxScanSize --max-scansize=100K large.zip
whole --max-filesize=1M --max-scansize=10M member.zip
whole --max-filesize=1M member.gz
whole --max-files=100 many.zip
whole many.zip
whole clean.txt

# What is found is found, cut short or not; and infected wins over --strict.
scan --strict --max-recursion=2 nested.zip
expect_status 2
expect_line "nested.zip: Not fully scanned (MaxRecursion)"
scan --strict --max-recursion=9 nested.zip
expect_status 1
expect_line "nested.zip: $eicar_found"
make_eicar bad
scan --strict --max-filesize=1K clean.txt bad
expect_status 1

# Where an alert is asked for, it is raised instead.
scan --alert-exceeds-max --max-filesize=1K clean.txt
expect_status 1
expect_match '^clean\.txt: Heuristics\.Limits\.Exceeded\.MaxFileSize FOUND$'
