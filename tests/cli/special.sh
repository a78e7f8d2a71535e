#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Special files never block a scan, and what libclamav cannot take in full is never called OK.
set -eu
. "$(dirname "$0")/../support/lib.sh"
need python3

mkdir t
mkfifo t/fifo
python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("t/socket")'
make_eicar t/bad
: >t/empty
ln -s /dev/zero t/to-device

# Below a directory they are passed over, as by clamscan; named, they are an error.
scan -r t
expect_status 1
expect_line "t/bad: $eicar_found"
expect_line "t/empty: Empty file"
expect_line "t/to-device: Symbolic link"
expect_no_match 'fifo|socket'
for special in t/fifo t/socket /dev/null /dev/tty; do
    scan "$special"
    expect_status 2
    expect_error "^WARNING: $special: Not supported file type$"
done
scan -r --follow-file-symlinks=2 t # the link leads to an endless device
expect_status 1
expect_no_match 'to-device: OK'

stands_in && exit
# 150 MB is above the default MaxFileSize, 3 GiB is more than libclamav takes at all.
rm t/bad
truncate -s 150M t/large
truncate -s 3G t/huge
scan -r t
expect_status 0
expect_line "t/large: Not fully scanned (MaxFileSize)"
expect_match '^t/huge: Not fully scanned \(.*\)$'
expect_match '^Partially scanned files: 2$'
scan --max-filesize=0 t/huge
expect_status 0
expect_line "t/huge: Not fully scanned (2 GiB engine limit)"
