#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Databases, sound and malformed: the same status as clamscan, and the same lines where it scans.
set -eu
. "$(dirname "$0")/../support/differential.sh"

mkdir t
cp "$testfiles/clam.exe" "$testfiles/clam.zip" t/
make_eicar t/eicar
echo clean >t/clean

# Sound ones, alone and together.
same_as_given -d "$db" -r t
same_as_given -d "$db/test.hdb" -r t
same_as_given -d "$db/test.hdb" -d "$db/test.ndb" -r t
same_as_given -d "$db/test.ndb" -d "$db/test.ndb" -r t
same_as_given -d "$db" -d "$db/test.ndb" -r t
same_as_given -d "$db/" -r t
cd "$db"
same_as_given -d test.ndb -r "$scratch/w/t"
same_as_given -d . -r "$scratch/w/t"
cd "$scratch/w"

mkdir mixed
echo 'aa15bcf478d165efd2065190eb473bcb:544:Some.Name' >mixed/a.hdb
echo 'aa15bcf478d165efd2065190eb473bcb:544:PUA.Some.Name' >mixed/b.hdu
echo "Other.Name;Engine:51-255,Target:0;0&1;$(eicar | head -c 30 | od -An -v -tx1 | tr -d ' \n');45494341522d5354" >mixed/c.ldb
echo 'rule Yara_Name { strings: $a = "EICAR-STANDARD" condition: $a }' >mixed/d.yara
echo 'not a database at all' >mixed/readme.txt
for options in "" -z --detect-pua "-z --detect-pua" --yara-rules=no --yara-rules=only; do
    # shellcheck disable=SC2086
    same_as_given -d mixed --disable-cache $options -r t
done
echo 'Some.Name' >mixed/e.ign2
same_as_given -d mixed -z -r t

# Malformed and missing ones. clamscan prints its summary; the status is what counts.
same_status() {
    local their_status=0
    "$CLAMSCAN" -d "$@" -r t >"$theirs" 2>"$theirs.err" || their_status=$?
    run "$SCAN" -d "$@" -r t
    # A documented difference: with nothing to look for clamscan calls everything OK.
    if grep -q 'holds no signatures$' "$err"; then
        grep -q '^Known viruses: 0$' "$theirs" || fail "clamscan has signatures"
        their_status=2
    fi
    [[ $status -eq $their_status ]] || fail "status $status, clamscan's is $their_status"
    [[ $status -ne 2 ]] || expect_no_match ': OK$'
}
malformed() { # NAME CONTENT
    mkdir -p "bad-$1"
    printf '%s' "$2" >"bad-$1/$1"
    same_status "bad-$1"
    same_status "bad-$1/$1"
    same_status "$db" -d "bad-$1"
}
malformed x.hdb 'zz15bcf478d165efd2065190eb473bcb:544:Name'
malformed x.hsb 'abc:12:Name'
malformed x.ndb 'Name:0:*:4g4g4g4g'
malformed y.ndb 'Name:0'
malformed z.ndb 'Name:0:*:'
malformed x.ldb 'Name;Engine:51-255,Target:0;0&5;414141414141'
malformed y.ldb 'Name;Target:0'
malformed x.yara 'rule broken { condition: nothing'
malformed x.mdb 'x:y:z'
malformed x.fp 'nonsense'
malformed x.cvd 'ClamAV-VDB:nonsense'
malformed x.cld ''
malformed x.cbc 'ClamBC nonsense'
malformed x.zmd 'nonsense'
malformed x.ftm 'nonsense'
malformed x.txt 'no database'
malformed x.ign2 ''
malformed empty.ndb ''
same_status missing-file.ndb
same_status missing-directory/
mkdir empty
same_status empty
"$support/mutate" 7 15 mutants "$db/test.ndb" "$db/test.hdb" mixed/c.ldb mixed/d.yara
for mutant in mutants/*; do
    name=${mutant##*/}
    mkdir one
    cp "$mutant" "one/x.$(echo "$name" | cut -d. -f2)"
    same_status one
    rm -r one
done
