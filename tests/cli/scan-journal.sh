#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A directory whose update was interrupted: scan loads the new set, whole, never a mixture.
. "$(dirname "$0")/../support/lib.sh"
! stands_in || skip "clamscan knows no journal"
new=$scratch/new
live=$scratch/live
mkdir "$new" "$live" "$live/.hostav"
hits() { printf '%s:%s:%s\n' "$(md5sum <"$1" | cut -d' ' -f1)" "$(stat -c %s "$1")" "$2"; }
for name in a b gone; do echo "this is file $name" >"$name"; done
hits a Old-A >"$live/a.hdb"
hits b Old-B >"$live/b.hdb"
hits gone Old-Gone >"$live/gone.hdb"
hits a New-A >"$new/a.hdb"
hits b New-B >"$new/b.hdb"
sum() { sha256sum "$1" | cut -d' ' -f1; }
{
    printf '{"source":"%s"}\n' "$new"
    for name in a b; do
        printf '{"name":"%s.hdb","old":"%s","new":"%s"}\n' "$name" "$(sum "$live/$name.hdb")" \
            "$(sum "$new/$name.hdb")"
    done
    printf '{"name":"gone.hdb","old":"%s","new":""}\n' "$(sum "$live/gone.hdb")"
} >"$scratch/journal"
what_is_found() {
    run "$SCAN" -d "$live" --no-summary a b gone
}
what_is_found
expect_line "a: Old-A.UNOFFICIAL FOUND"
expect_line "gone: Old-Gone.UNOFFICIAL FOUND"

cp "$scratch/journal" "$live/.hostav/journal"
cp -r "$new" "$scratch/kept"
for step in nothing a.hdb b.hdb; do
    [[ $step = nothing ]] || mv "$new/$step" "$live/$step"
    what_is_found
    expect_status 1
    expect_line "a: New-A.UNOFFICIAL FOUND"
    expect_line "b: New-B.UNOFFICIAL FOUND"
    expect_line "gone: OK"
done

# A set that is not whole is not loaded.
rm "$live/a.hdb"
what_is_found
expect_one_error 2 "$live: an update was interrupted and a.hdb is missing: run sigupdate"
cp "$scratch/kept/a.hdb" "$live/"
echo nonsense >"$live/.hostav/journal"
what_is_found
expect_status 2
expect_error 'journal'

# It waits for one that is at work.
cp "$scratch/journal" "$live/.hostav/journal"
rm "$live/gone.hdb"
(sleep 0.3; rm "$live/.hostav/journal") &
what_is_found
expect_line "a: New-A.UNOFFICIAL FOUND"
wait
