#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Without -d and without an installed database scan uses the signatures that come with it and says
# so in one line: EICAR in the spellings people try, and the ClamAV test file in its wrappings.
set -eu
. "$(dirname "$0")/../support/lib.sh"
! stands_in || skip "clamscan has no signatures of its own"

installed=/var/lib/clamav
if compgen -G "$installed/*.[chlnmdfiyz]*" >/dev/null; then
    [[ $EUID -eq 0 ]] && command -v unshare >/dev/null && unshare -m true 2>/dev/null ||
        skip "a database is installed in $installed and cannot be hidden without root"
    mkdir "$scratch/none"
    bare() { run unshare -m bash -c 'mount --bind "$1" "$2"; shift 2; exec "$@"' - "$scratch/none" "$installed" "$SCAN" "$@"; }
else
    bare() { run "$SCAN" "$@"; }
fi

mkdir t
make_eicar t/plain t/newline t/crlf t/blanks t/tabs t/ctrl-z
echo >>t/newline
printf '\r\n' >>t/crlf
printf '    \n\n' >>t/blanks
printf '\t\t' >>t/tabs
printf '\032' >>t/ctrl-z
{ eicar; head -c 60 /dev/zero | tr '\0' ' '; } >t/padded-to-128
echo clean >good
if command -v zip >/dev/null; then zip -q t/eicar.zip t/plain; fi
gzip -k t/plain

bare -r t good
expect_status 1
[[ $(wc -l <"$err") -eq 1 ]] || fail "not one line on stderr"
expect_error '[Ss]ignatures'
expect_line "good: OK"
for file in t/*; do
    expect_match "^$file: .*[Ee][Ii][Cc][Aa][Rr].* FOUND$"
done
expect_no_match 'UNOFFICIAL'

# Told once, whatever is printed; not told where a database is named.
bare -ri --no-summary t
[[ $(wc -l <"$err") -eq 1 ]] || fail "-i: not one line on stderr"
scan good
expect_silent

if [[ -d $testfiles ]]; then
    bare -r --no-summary "$testfiles"
    cp "$out" "$scratch/embedded"
    scan -r --no-summary "$testfiles"
    expect_same <(sed 's/\.UNOFFICIAL / /' "$out") "$scratch/embedded" "test files found by database and embedded"
fi
