#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Lines come in the order of the walk, whatever the number of workers is: clamscan's own order.
set -eu
. "$(dirname "$0")/../support/lib.sh"
! stands_in || skip "clamscan has no -j"

mkdir -p t/{a,b,c}/{x,y}
for ((i = 0; i < 240; i++)); do
    dir=t/$(cut -c $((i % 3 + 1)) <<<abc)/$(cut -c $((i % 2 + 1)) <<<xy)
    head -c $((i * 7919 % 90000)) /dev/zero >"$dir/file$i" # of many sizes, none like another
    ((i % 20)) || make_eicar "$dir/bad$i"
done
head -c 20000000 /dev/zero >t/a/slow
: >t/empty
ln -s empty t/link

scan -r --no-summary -j1 t
expect_status 1
cp "$out" "$scratch/one"
[[ $(wc -l <"$scratch/one") -gt 250 ]] || fail "lines are missing"
for jobs in 2 4 9; do
    scan -r --no-summary -j$jobs t
    expect_same "$scratch/one" "$out" "order of -j1 and -j$jobs"
    scan -r --no-summary --jobs="$jobs" t
    expect_same "$scratch/one" "$out" "order of -j1 and --jobs=$jobs"
done

# Arguments are finished one after the other.
scan -r --no-summary -j4 t/b t/a/slow t/a t/b
grep -nax 't/a/slow: OK' "$out" | cut -d: -f1 >"$scratch/slow"
[[ $(wc -l <"$scratch/slow") -eq 2 ]] || fail "an argument given twice is not reported twice"

if command -v "$CLAMSCAN" >/dev/null; then
    run "$CLAMSCAN" -d "$db" -r --no-summary t
    expect_same "$scratch/one" "$out" "order of scan and clamscan"
fi
