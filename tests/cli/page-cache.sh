#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A scan leaves the page cache and the access times as it found them: what it had to read from the
# disk goes again, what others had read stays.
set -eu
. "$(dirname "$0")/../support/lib.sh"
! stands_in || skip "clamscan leaves what it reads"
need python3
need fincore

pages() { fincore --noheadings --bytes --output PAGES "$1" | tr -d ' '; }
evict() { # FILE
    python3 -c 'import os, sys
fd = os.open(sys.argv[1], os.O_RDONLY)
os.fsync(fd)
os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)' "$1"
}

mkdir t
head -c 3000000 /dev/urandom >t/cold
head -c 3000000 /dev/urandom >t/warm
evict t/cold
[[ $(pages t/cold) -eq 0 ]] || skip "this file system keeps its files in the page cache"
cat t/warm >cat.out
[[ $(pages t/warm) -eq 733 ]] || skip "this file system does not show its page cache"
touch -a -d '3 days ago' t/warm t/cold
before=$(stat -c %X t/warm t/cold)

scan -r t
expect_status 0
after=$(stat -c %X t/warm t/cold) # fincore maps the files, which counts as an access
[[ $(pages t/cold) -eq 0 ]] || fail "$(pages t/cold) pages of a file that nobody else reads"
[[ $(pages t/warm) -eq 733 ]] || fail "only $(pages t/warm) pages are left of what was cached"
[[ $after == "$before" ]] || fail "the access times have changed"
