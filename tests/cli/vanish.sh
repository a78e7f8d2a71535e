#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Files that vanish, change type or are swapped for links while the walk runs do no harm: the scan
# ends, and never reads or removes anything outside the tree.
set -eu
. "$(dirname "$0")/../support/lib.sh"

mkdir -p t/{a,b,c}/d outside
make_eicar outside/file outside/d
for ((i = 0; i < 60; i++)); do
    echo "steady $i" >"t/a/steady$i"
    make_eicar "t/b/bad$i"
done

# Changes the tree until it is killed.
churn() {
    local i
    for ((i = 0; ; i++)); do
        rm -rf t/c/d t/a/x t/b/y "t/b/bad$((i % 60))"
        ln -s ../../outside t/c/d
        ln -s ../../outside/file t/a/x
        mkfifo t/b/y
        rm -rf t/c/d t/a/x t/b/y
        mkdir t/c/d
        make_eicar t/c/d/file t/a/x "t/b/bad$((i % 60))"
        mkdir -p t/b/y/z
    done
}
churn 2>/dev/null &
churner=$!
started+=("$churner")

for round in 1 2 3 4 5 6; do
    for options in -r "-r --remove" "-r --follow-dir-symlinks=0 --follow-file-symlinks=0"; do
        # shellcheck disable=SC2086
        run timeout 60 "$SCAN" -d "$db" $options t
        [[ $status -le 2 ]] || fail "round $round: status $status"
        expect_no_match 'outside'
        expect_no_match '^t/a/steady[0-9]*: .*(FOUND|ERROR)$'
        expect_count 60 '^t/a/steady[0-9]*: OK$'
        expect_match 'SCAN SUMMARY'
    done
done
[[ -e outside/file && -e outside/d ]] || fail "a file outside the tree was removed"
kill -0 "$churner" || fail "nothing changed meanwhile"
kill "$churner"

# A list that names what is not there any more.
printf '%s\n' t/a/steady0 t/never/was t/a/steady1 >list
scan -f list
expect_status 2
expect_line "t/a/steady0: OK"
expect_line "t/a/steady1: OK"
