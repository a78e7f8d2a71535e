#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# With limits set low the same is found and the same alerts are raised as by clamscan; what our
# own `Not fully scanned` says instead of OK is limits.sh's matter.
set -eu
. "$(dirname "$0")/../support/differential.sh"

"$support/make-corpus" t
same -r --max-filesize=1M --alert-exceeds-max t
rm t/testfiles/clam_IS* # the large ones

for limit in --max-filesize=50K --max-filesize=1M --max-scansize=2000 --max-scansize=1M \
    --max-files=2 --max-files=20 --max-recursion=1 --max-recursion=3; do
    same -r "$limit" t
    same -r "$limit" --alert-exceeds-max t
done
for limit in --max-filesize=1 --max-filesize=0 --max-scansize=0 --max-files=0 --max-recursion=2 \
    --max-embeddedpe=1K --max-htmlnormalize=10 --max-htmlnotags=10 --max-scriptnormalize=10 \
    --max-ziptypercg=10 --max-iconspe=1 --pcre-match-limit=10 --pcre-max-filesize=10; do
    same -r "$limit" --alert-exceeds-max t
done
same -rz --max-files=2 --alert-exceeds-max t
same -ri --max-filesize=50K --max-recursion=2 --alert-exceeds-max t
same -r --max-recursion=0 t/plain
