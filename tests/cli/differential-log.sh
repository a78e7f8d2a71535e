#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The log of a run holds what clamscan's holds.
set -eu
. "$(dirname "$0")/../support/differential.sh"

"$support/make-corpus" t
rm t/testfiles/clam_IS* # the large ones
ln -s plain t/link

same_log() {
    rm -f theirs.log ours.log
    [[ -z ${before-} ]] || { echo "$before" >theirs.log; echo "$before" >ours.log; }
    "$CLAMSCAN" -d "$db" --disable-cache "$@" --log=theirs.log >/dev/null 2>&1 || true
    run "$SCAN" -d "$db" --disable-cache "$@" --log=ours.log
    lines_of theirs.log /dev/null | sort >"$theirs.lines"
    lines_of ours.log /dev/null | grep -v ': Not fully scanned (' | sort >"$ours.lines"
    expect_same "$theirs.lines" "$ours.lines" "logs (< clamscan)"
}

same_log -r t
same_log -ri t
same_log -ro t
same_log -rv t
same_log -r --no-summary t
same_log -rz t
same_log -ra t
same_log -r --quiet t
same_log --unzip -r t t/missing /dev/null
same_log -r --exclude=zip t
before="an older line"
same_log -r t

# Its head, its mode, and appended to.
[[ $(stat -c %a theirs.log) = $(stat -c %a ours.log) ]] || fail "mode of an existing log"
rm -f ours.log
scan -r -l ours.log t
[[ $(stat -c %a ours.log) = 640 ]] || fail "mode of a new log: $(stat -c %a ours.log)"
[[ -z $(sed -n 1p ours.log) && $(sed -n 2p ours.log) =~ ^-{79}$ && -z $(sed -n 3p ours.log) ]] ||
    fail "no head in the log"
