#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A link to a directory that is being walked already is not entered (clamscan goes round until
# --max-dir-recursion ends it): everything is reported once, by its shortest path.
set -eu
. "$(dirname "$0")/../support/lib.sh"
! stands_in || skip "clamscan goes round"

mkdir -p t/a/b
make_eicar t/a/b/bad
ln -s .. t/a/up
ln -s ../../.. t/a/b/top
ln -s b t/a/beside

scan -r --follow-dir-symlinks=2 t
expect_status 1
expect_count 1 '^t/a/b/bad: '
expect_count 1 '^t/a/beside/bad: ' # no loop: another path to it
expect_line "t/a/up: Symbolic link"
expect_no_match 'up/'
expect_match '^Infected files: 2$'
