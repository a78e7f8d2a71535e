#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The source tarball holds what is committed, and is the same bytes each time.
set -eu
. "$(dirname "$0")/../support/lib.sh"
need git gzip tar
git -C "$repo" rev-parse -q --verify HEAD >/dev/null 2>&1 || skip "no git repository here"
cd "$repo"
mkdir "$scratch/later"
run scripts/packaging/dist "$scratch" 1.2.3
expect_status 0
expect_line "$scratch/hostav-1.2.3.tar.gz"
sleep 1.1 # another second, which gzip would write down
run scripts/packaging/dist "$scratch/later" 1.2.3
expect_status 0
cmp "$scratch/hostav-1.2.3.tar.gz" "$scratch/later/hostav-1.2.3.tar.gz" || fail "it is not the same bytes"

tar -C "$scratch" -xzf "$scratch/hostav-1.2.3.tar.gz"
run git ls-tree -r --name-only HEAD
sort "$out" >"$scratch/committed"
(cd "$scratch/hostav-1.2.3" && find . ! -type d | sed 's|^\./||' | sort) >"$scratch/packed"
expect_same "$scratch/committed" "$scratch/packed" "what is committed and what is packed"
