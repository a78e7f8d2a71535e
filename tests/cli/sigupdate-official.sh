#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Databases signed with ClamAV's own key: from version 1 to 6 by the diffs alone; by whole files from
# a private mirror, over HTTP and as a directory; Debian's clamscan loads what comes out.
. "$(dirname "$0")/../support/sigupdate.sh"
need_signed
start_mirror
serve_signed 6

live_signed 1
write_conf <<<"DatabaseMirror $mirror"
sigupdate --update-db=test
expect_status 0
expect_line 'Database test passed.'
expect_line 'test.cld updated (version: 6, sigs: 14, f-level: 81, builder: micasnyd)'
[[ $(version_of test.cld) -eq 6 && ! -e $D/test.cvd ]] || fail "not version 6"
[[ $(asked '^GET /test-[2-6].cdiff 200') -eq 5 ]] || fail "not five diffs"
[[ $(asked '^GET /test.cvd .*range=None') -eq 0 ]] || fail "the whole file was fetched"
[[ -s $D/freshclam.dat ]] || fail "the identity was lost"
loads

cp "$D/freshclam.dat" "$scratch/identity"
sigupdate --update-db=test
expect_status 0
expect_line 'test.cld database is up-to-date (version: 6, sigs: 14, f-level: 81, builder: micasnyd)'
expect_no_match 'updated \(version'
expect_same "$scratch/identity" "$D/freshclam.dat" identities

for private in "$mirror" "file://$M" "$M"; do
    rm -rf "$D"
    mkdir "$D"
    live_signed 1
    write_conf <<<"PrivateMirror $private"
    sigupdate --update-db=test
    expect_status 0
    [[ $(version_of test.cvd) -eq 6 ]] || fail "not version 6 from $private"
    cmp -s "$D/test.cvd" "$M/test.cvd" || fail "not the whole file from $private"
    loads
done
[[ $(asked '^GET /test.cvd 200 range=None') -eq 1 ]] || fail "not one whole file by HTTP"

# A mirror that is a directory is not believed either.
rm -rf "$D"
mkdir "$D"
python3 - "$M/test.cvd" <<'P'
import sys
data = bytearray(open(sys.argv[1], 'rb').read())
data[len(data) // 2] ^= 0x55
open(sys.argv[1], 'wb').write(data)
P
sigupdate --update-db=test
expect_status 7
[[ ! -e $D/test.cvd ]] || fail "a damaged file is live"
