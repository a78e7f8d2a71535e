#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# --move, --copy and --remove do what clamscan does: the same names on collision, the same modes,
# the same lines, and in the same order of precedence.
set -eu
. "$(dirname "$0")/../support/differential.sh"

fresh() {
    mkdir -p t/a t/b t/c/d q
    make_eicar t/a/bad t/b/bad t/c/bad "t/c/d/bad two" t/other
    chmod 751 t/a/bad
    chmod 400 t/b/bad
    cp "$testfiles/clam.zip" t/
    echo clean >t/clean
    echo "already here" >q/bad
    ln -s a/bad t/link
    find t q -type f -exec touch -d '2020-01-02 03:04:05' {} +
}

for action in --move=q --copy=q --remove --remove=yes --remove=no; do
    same_afterwards -r "$action" t
    same_afterwards -ri "$action" t
    same_afterwards -r --no-summary "$action" t
    same_afterwards --quiet -r "$action" t
    same_afterwards -r "$action" t/link t/b
    same_afterwards -rz "$action" t
    same_afterwards -r --log=log "$action" t/clean
done
same_afterwards -r --move=q --remove t
same_afterwards -r --copy=q --remove t
same_afterwards -r --copy=q --move=q t
same_afterwards -r --move="$PWD/q" t

# A target that is none: nothing happens, status 2 (errors.sh has our line).
for target in missing t/clean; do
    rm -rf t q
    fresh
    "$CLAMSCAN" -d "$db" -r --move=$target t >"$theirs" 2>&1 || status=$?
    expect_status 2
    scan -r --move=$target t
    expect_status 2
    [[ -e t/a/bad ]] || fail "moved"
done

# A full round of names: .001 to .003, then on.
fresh() {
    mkdir -p t/1 t/2 t/3 t/4 q
    make_eicar t/1/x t/2/x t/3/x t/4/x
    : >q/x.002
    find t q -type f -exec touch -d '2020-01-02 03:04:05' {} +
}
same_afterwards -r --move=q t
same_afterwards -r --copy=q t
