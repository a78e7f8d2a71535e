#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The forms that paths take on the command line, in lists and on stdin: the same lines as clamscan.
set -eu
. "$(dirname "$0")/../support/differential.sh"

"$support/make-corpus" t
mkfifo t/fifo
mkdir empty-dir t/sub
cp t/plain/eicar.com t/sub/

same -r t/
same -r ./t
same -r "$PWD/t"
same -r t/../t/./arc
same t t/arc/pair.zip t/plain/clean.txt t/plain
same t/plain/eicar.com t/plain/eicar.com
same empty-dir
same -r empty-dir t/plain/empty
same t/nothing-here t/plain/clean.txt
same t/plain/clean.txt/below
same -i t/nothing-here
same t/fifo
same -r t
same /dev/null t/plain/eicar.com
same /dev
same -- t/plain/clean.txt
same -r -- -x t/plain

cd t/plain
same
same -r
same '[a,b]' 'name with  spaces' ümlaut
same -i -- '[a,b]' eicar.com
same ..
cd ../..

# --file-list: CR and LF go, paths on the command line are ignored with a warning.
printf 't/plain/eicar.com\nt/plain/clean.txt\r\nt/missing\nt/arc\nt/plain/empty' >list
same -f list
same --file-list=list
same -rf list t/mail
same -if list
: >empty-list
same -f empty-list
scan -f no-such-list
[[ $status -eq 54 ]] || fail "a list that cannot be opened: status $status, not 54"

# stdin
for file in t/plain/eicar.com t/plain/clean.txt t/plain/empty t/arc/pair.zip; do
    for options in "" -i -o --no-summary; do
        exec <"$file"
        "$CLAMSCAN" -d "$db" $options - >"$theirs" 2>"$theirs.err" || their_status=$?
        exec <"$file"
        run "$SCAN" -d "$db" $options -
        exec </dev/null
        lines_of "$theirs" "$theirs.err" >"$theirs.lines"
        lines_of "$out" "$err" >"$ours.lines"
        expect_same "$theirs.lines" "$ours.lines" "$file on stdin"
        [[ $status -eq ${their_status-0} ]] || fail "status"
        unset their_status
    done
done
