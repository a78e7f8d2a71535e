#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Time limit: 900 seconds
#
# The disk is full at every write, and the process is killed at every step that changes files: by
# strace, which makes the Nth call of a kind fail, or kills at it, until an update needs no Nth. What
# is live loads, every database is the old one or the new one (a source that fails stops no other), a
# run that ends well has installed all, the next run succeeds.
. "$(dirname "$0")/../support/sigupdate.sh"
need strace
strace -o /dev/null -e inject=fsync:error=ENOSPC:when=1 true 2>/dev/null ||
    skip "strace cannot inject faults here"
[[ $BUILD != */asan ]] || skip "under the sanitizer ptrace is the leak checker's"
put() { local name; for name in a b; do printf '%032x:7:Version-%s\n' "$1" "$1" >"$M/$name.hdb"; done; }
live() { cat "$D/$1.hdb" 2>/dev/null || true; } # a
whole() { # OLD-A OLD-B: each is old or new
    [[ $(live a) = "$1" || $(live a) = "$(cat "$M/a.hdb")" ]] &&
        [[ $(live b) = "$2" || $(live b) = "$(cat "$M/b.hdb")" ]]
}
new() { cmp -s "$M/a.hdb" "$D/a.hdb" && cmp -s "$M/b.hdb" "$D/b.hdb"; }
configure() {
    write_conf <<<"DatabaseCustomURL file://$M/a.hdb
DatabaseCustomURL file://$M/b.hdb
DatabaseCustomURL file://$M/gone.hdb
VitalFile /bin/sh
TestDatabases no"
}
configure
printf '%032x:9:Third\n' 9 >"$M/gone.hdb"
put 1
sigupdate --update-db=custom
expect_status 0
rounds=0
version=1
# Calls that an update of this size makes more often than this are not all tried: reads of no interest.
most=60
for how in write:error=ENOSPC fsync:error=EIO linkat:error=ENOSPC mkdirat:error=ENOSPC \
    openat:error=ENOSPC renameat:error=ENOSPC renameat:signal=KILL linkat:signal=KILL \
    unlinkat:signal=KILL fsync:signal=KILL; do
    for ((n = 1; n <= most; n++)); do
        version=$((version + 1))
        old_a=$(live a)
        old_b=$(live b)
        put "$version"
        # renameat2, link … are what some libraries use for the same.
        call=${how%%:*}
        ran="update with $how:when=$n"
        status=0
        timeout -k 5 60 strace -f -o "$scratch/trace" -e trace="$call" -e inject="$how:when=$n" \
            "$SIGUPDATE" --config-file="$conf" --no-dns --update-db=custom >"$out" 2>"$err" || status=$?
        ended=$status
        rounds=$((rounds + 1))
        injected=$(grep -cE 'INJECTED|killed by SIGKILL' "$scratch/trace" || true)
        # What another program sees now, before anything is recovered. (-d of all, whole or mixed.)
        ((n % 5 != 1)) || loads
        whole "$old_a" "$old_b" || fail "$how at $n: neither old nor new: $(live a) $(live b)"
        [[ $ended -ne 0 ]] || new || fail "$how at $n: status 0, and not all is new"
        run "$SIGUPDATE" --config-file="$conf" --unhold=nothing
        whole "$old_a" "$old_b" || fail "$how at $n: recovered to neither: $(live a) $(live b)"
        [[ ! -e $D/.hostav/journal ]] || fail "$how at $n: the journal stands"
        sigupdate --update-db=custom
        expect_status 0
        new || fail "$how at $n: the next run did not install"
        [[ $injected -gt 0 ]] || break
    done
done
echo "$rounds faults"

# A file system that is really full.
if [[ $EUID -eq 0 ]] && mkdir "$scratch/small" && unshare -m true 2>/dev/null; then
    # shellcheck disable=SC2016
    run unshare -m bash -c '
        set -e
        mount -t tmpfs -o size=300k,mode=755 none "$1/small"
        sed "s,^DatabaseDirectory.*,DatabaseDirectory $1/small," "$2" >"$1/small.conf"
        "$3" --config-file="$1/small.conf" --no-dns --update-db=custom
        head -c 400000 /dev/zero | tr "\0" "\n" >>"$4/a.hdb"
        status=0
        "$3" --config-file="$1/small.conf" --no-dns --update-db=custom || status=$?
        echo "status $status"
        [[ -z $(ls "$1/small/.hostav/staging") ]] || echo "something is left"
        wc -c <"$1/small/a.hdb"
        printf "%032x:7:Version-9999\n" 9999 >"$4/a.hdb"
        "$3" --config-file="$1/small.conf" --no-dns --update-db=custom
        grep Version-9999 "$1/small/a.hdb"' - "$scratch" "$conf" "$SIGUPDATE" "$M"
    expect_status 0
    expect_line 'status 4'
    expect_no_match 'something is left'
    expect_error 'No space left on device'
fi
