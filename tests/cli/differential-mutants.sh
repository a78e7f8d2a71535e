#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Damaged files: a few hundred copies of every kind, cut short, with bytes flipped and blocks
# missing. Where clamscan finds, scan finds; where clamscan does not, scan does not.
set -eu
. "$(dirname "$0")/../support/differential.sh"

"$support/make-corpus" t
find t -type f -size -60k -print0 | sort -z | xargs -0 "$support/mutate" 1 5 m
find t -type f -size +59k -size -2000k -print0 | sort -z | xargs -0 "$support/mutate" 2 2 m
[[ $(find m -type f | wc -l) -gt 300 ]] || fail "too few damaged files were made"

same -r m
same -raz m
same -r --alert-broken --alert-broken-media --alert-encrypted --alert-exceeds-max m
same -r --max-filesize=3K --max-scansize=9K --max-files=3 --max-recursion=3 m
