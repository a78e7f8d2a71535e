#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Bad input gets one line on stderr that names the thing and the reason, and exit status 2.
set -eu
. "$(dirname "$0")/../support/lib.sh"
! stands_in || skip "clamscan's errors have no such form"

echo clean >good
mkdir d empty
make_eicar d/bad
mkfifo fifo
ln -s nowhere link.log
echo 'Name:0:*:4g4g' >broken.ndb
printf 'zz15bcf478d165efd2065190eb473bcb:5x:Name\n' >broken.hdb
echo 'ClamAV-VDB:nonsense' >broken.cvd

bad() { # NAMED OPTION…
    local named=$1
    shift
    scan "$@"
    expect_one_error 2 "$named"
    expect_no_match ': OK$'
}

# Options and their values
bad '--no-such-option' --no-such-option good
bad '-Z' -Z good
bad '--re' --re good
bad 'max-filesize' --max-filesize=abc good
bad 'max-filesize' --max-filesize=-5 good
bad 'max-filesize' --max-filesize=5X good
bad 'max-filesize' --max-filesize=99999999999999999999G good
bad 'max-files' --max-files= good
bad 'max-files' --max-files=3.5 good
bad 'max-recursion' good --max-recursion=x
bad 'max-recursion' good --max-recursion
bad 'recursive' --recursive=maybe good
bad 'jobs' -j0 good
bad 'jobs' --jobs=many good
bad 'timeout' --timeout=soon good
bad 'timeout' --timeout=-1 good
bad 'bytecode-mode' --bytecode-mode=wrong good
bad 'exclude.*\[' --exclude='[' good
bad 'include.*\(' --include='a(' good
bad 'exclude-dir' --exclude-dir='\' good
bad 'include-dir.*\[' --include-dir='x[z-a]' good
bad 'no\\nsuch' --no$'\n'such good # an option is escaped too

# Databases
database() {
    local named=$1
    shift
    run "$SCAN" "$@" good
    expect_one_error 2 "$named"
    expect_no_match ': OK$'
}
database missing.ndb -d missing.ndb
database broken.ndb -d broken.ndb
database broken.hdb -d broken.hdb
database broken.cvd -d broken.cvd
database empty -d empty
database 'missing' -d "$db" -d missing/dir

# Logs
bad '/no/such/log' --log=/no/such/log good
bad '^scan: d: ' --log=d good
bad 'link.log' --log=link.log good
bad 'fifo' --log=fifo good

# Lists: 54 as clamscan has it when --file-list cannot be opened
for option in --file-list --files0-from; do
    scan $option=no-such-list
    expect_one_error 54 no-such-list
done
scan --files0-from=d
expect_status 2
[[ $(wc -l <"$err") -eq 1 ]] || fail "not exactly one line on stderr"
expect_error 'd: Is a directory$'

# Directories for actions and temporary files
bad missing --move=missing good
bad good --copy=good d
bad '/no/such' --quarantine=/no/such/place d
bad missing --restore=missing
bad d/bad --restore=d/bad
bad missing --tempdir=missing good
[[ -e d/bad ]] || fail "an action was done"

# Arguments
scan ""
expect_status 2
scan good ""
expect_status 2
expect_line 'good: OK'

# An argument that is not there: clamscan's two lines
scan missing good
expect_status 2
expect_line 'good: OK'
expect_error '^missing: No such file or directory$'
expect_error "^WARNING: missing: Can't access file\$"
