#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# EICAR is found in every container, those that libclamav leaves closed included, and one inside
# the other; not with --scan-archive=no. A bomb ends as not fully scanned, in bounded memory.
set -eu
. "$(dirname "$0")/../support/lib.sh"
! stands_in || skip "clamscan leaves many closed"
need python3

make_eicar eicar.com
"$support/make-containers" c eicar.com >/dev/null
rm eicar.com
[[ $(find c -type f | wc -l) -gt 15 ]] || fail "few containers were made"

scan -r --no-summary c
expect_status 1
find c -type f -printf "%p: $eicar_found\n" | sort >"$scratch/expected"
expect_same "$scratch/expected" <(sort "$out") "containers (< all, > found in)"

# The signature is tied to the file's start: closed containers hide it.
scan -r --no-summary --scan-archive=no c
expect_no_match 'tar\.zst: .*FOUND'
expect_no_match '\.zip: .*FOUND'
expect_no_match '\.deb: .*FOUND'

if command -v zstd >/dev/null; then
    zstd=(zstd -q -1)
else
    skip "zstd is not installed: no bomb tried"
fi
head -c 1500000000 /dev/zero | "${zstd[@]}" -o bomb.zst
{ eicar; head -c 700000000 /dev/zero; } | "${zstd[@]}" -o tail-bomb.zst
cat >measure.py <<'PYTHON'
import resource, subprocess, sys
status = subprocess.run(sys.argv[2:]).returncode
with open(sys.argv[1], "w") as out:
    print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024, file=out)
sys.exit(status)
PYTHON
run python3 measure.py peak timeout 120 "$SCAN" -d "$db" -j1 --max-filesize=20M --max-scansize=40M bomb.zst
expect_status 0
expect_match '^bomb\.zst: Not fully scanned \(Max(File|Scan)Size.*\)$'
grep -q __asan_init "$SCAN" || # sanitizers take more
    [[ $(<peak) -lt 400 ]] || fail "peak memory $(<peak) MB"
scan -j1 --max-filesize=20M --max-scansize=40M tail-bomb.zst
expect_status 1
expect_line "tail-bomb.zst: $eicar_found"
