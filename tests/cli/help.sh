#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# --help names every option that clamscan's names, and -V begins as clamscan's does.
set -eu
. "$(dirname "$0")/../support/lib.sh"

run "$SCAN" --help
expect_status 0
expect_silent
options() { grep -oE -e '(^|[ ,])--[a-z0-9-]+' "$1" | tr -d ' ,' | sort -u; }
options "$out" >"$scratch/ours"
[[ $(wc -l <"$scratch/ours") -gt 60 ]] || fail "few options"
if command -v "$CLAMSCAN" >/dev/null; then
    "$CLAMSCAN" --help >"$scratch/clamscan"
    options "$scratch/clamscan" >"$scratch/theirs"
    missing=$(comm -13 "$scratch/ours" "$scratch/theirs")
    [[ -z $missing ]] || fail "not in --help: $missing"
fi
run "$SCAN" -V
expect_status 0
expect_match '^ClamAV [0-9]+\.[0-9]+\.[0-9]+'
run "$SCAN" --version
expect_match '^ClamAV [0-9]+\.[0-9]+\.[0-9]+'
