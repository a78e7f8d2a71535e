#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Nothing goes live that the engine cannot load, that condemns the machine's own files, or that does
# not find EICAR any more; what is refused is kept aside with its report.
. "$(dirname "$0")/../support/sigupdate.sh"
hits() { printf '%s:%s:%s\n' "$(md5sum <"$1" | cut -d' ' -f1)" "$(stat -Lc %s "$1")" "$2"; }
fresh() {
    rm -rf "$D" "$M"
    mkdir "$D" "$M"
    write_conf <<<"DatabaseCustomURL file://$M/a.hdb
OnErrorExecute touch $scratch/error-ran"
    printf '%032x:7:Harmless\n' 7 >"$M/a.hdb"
    sigupdate --update-db=custom
    expect_status 0
    cp "$D/a.hdb" "$scratch/old"
    rm -f "$scratch/error-ran"
}
refused() { # WHY
    expect_status 8
    expect_error "^ERROR: .*$1"
    cmp -s "$scratch/old" "$D/a.hdb" || fail "the old set is not live"
    [[ -e $scratch/error-ran ]] || fail "OnErrorExecute did not run"
    grep -qE "$1" "$D"/.hostav/refused/*/report || fail "no report"
    cmp -s "$M/a.hdb" "$D"/.hostav/refused/*/a.hdb || fail "not kept aside"
    loads
}

fresh
hits /bin/sh Bad-Shell >"$M/a.hdb"
sigupdate --update-db=custom --json
expect_match '"result":"refused","status":8'
refused 'a.hdb: condemns /bin/sh \(Bad-Shell.UNOFFICIAL\)'

fresh
cp "$SIGUPDATE" "$scratch/copy"
hits "$SIGUPDATE" Bad-Updater >"$M/a.hdb"
sigupdate --update-db=custom
refused 'condemns .*/sigupdate'

# A format at large: what ClamAV's issue 620 did to every zip file.
fresh
echo 'Bad-Zip;Engine:51-255,Target:0;0;504b0304' >"$M/a.ldb"
write_conf <<<"DatabaseCustomURL file://$M/a.ldb"
sigupdate --update-db=custom
expect_status 8
expect_error 'condemns a harmless zip file \(Bad-Zip.UNOFFICIAL\)'
[[ ! -e $D/a.ldb ]] || fail "it is live"

fresh
mkdir "$scratch/vital"
echo 'our own application' >"$scratch/vital/app"
hits "$scratch/vital/app" Bad-App >"$M/a.hdb"
sigupdate --update-db=custom --vital-dir="$scratch/vital"
refused "condemns $scratch/vital/app"
sigupdate --update-db=custom # nobody called it vital
expect_status 0

fresh
echo 'not a signature at all' >"$M/a.hdb"
sigupdate --update-db=custom
refused 'cannot be loaded'
[[ $(cat "$err") != *"$D/.hostav/proof"* ]] || fail "the error names the cage"

# EICAR: wanted once it was found.
fresh
{
    cat "$M/a.hdb"
    printf '%s:68:Eicar-By-Digest\n' "$(eicar | md5sum | cut -d' ' -f1)"
} >"$scratch/with"
cp "$scratch/with" "$M/a.hdb"
sigupdate --update-db=custom
expect_status 0
cp "$D/a.hdb" "$scratch/old"
printf '%032x:8:Harmless\n' 8 >"$M/a.hdb"
sigupdate --update-db=custom
refused 'does not find EICAR any more'

# A set that somebody else left, which finds EICAR.
rm -rf "$D"
mkdir "$D"
cp "$scratch/with" "$D/a.hdb"
sigupdate --update-db=custom
expect_status 8
expect_error 'does not find EICAR any more'

# Memory: as much as is given, and no more.
if [[ $BUILD != */asan ]]; then
    fresh
    python3 -c 'for i in range(200000): print(f"{i * 7919:064x}:{1000 + i}:Many-{i}")' >"$M/a.hsb"
    write_conf <<<"DatabaseCustomURL file://$M/a.hsb"
    sigupdate --update-db=custom --proof-memory=8M
    expect_status 8
    expect_error 'cannot be loaded.*ProofMemory'
    sigupdate --update-db=custom --proof-memory=1G
    expect_status 0
fi

# TestDatabases no: as the administrator wishes, and said.
fresh
hits /bin/sh Bad-Shell >"$M/a.hdb"
write_conf <<<"DatabaseCustomURL file://$M/a.hdb
TestDatabases no"
sigupdate --update-db=custom
expect_status 0
expect_error 'not tested'

# The last three that were refused are kept, the administrator's own files are left alone.
fresh
printf '%032x:9:Local\n' 9 >"$D/local.hdb"
for n in 1 2 3 4 5; do
    hits /bin/sh "Bad-$n" >"$M/a.hdb"
    sigupdate --update-db=custom
    expect_status 8
done
[[ $(find "$D/.hostav/refused" -name report | wc -l) -eq 3 ]] || fail "not three are kept"
[[ -e $D/local.hdb ]] || fail "a local file is gone"
