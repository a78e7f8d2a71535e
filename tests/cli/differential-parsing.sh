#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Options are understood as clamscan understands them: abbreviated, with and without a value,
# repeated, deprecated, in any place. A line of the summary shows which value was taken.
set -eu
. "$(dirname "$0")/../support/differential.sh"

"$support/make-corpus" t
rm -rf t/testfiles

# Unique beginnings are enough; booleans take a value; an attached or a separate value.
same --recurs t
same --rec --inf t
same --no-sum -r t
same --supp -r t
same --max-files 3 -r --alert-exceeds t
same --max-filesize 5000 -r --alert-exceeds t
same --allm -r t
same --recursive=yes t
same --recursive=no t
same --recursive=true --infected=1 t
same --recursive=false t
same --recursive=0 t
same --recursive=YES t
same --scan-archive=yes --scan-pe=no -r t
same --scan-archive -r t
same --database="$db" -r t
same --database "$db" -r t
same_as_given -d"$db" -r t
same_as_given -rd "$db" t
same_as_given -rid "$db" t
same_as_given -ri --database="$db" t

# The first of a repeated single option counts; a repeatable one collects.
same -r --max-filesize=100 --max-filesize=10M --alert-exceeds-max t
same -r --recursive=no t
same --recursive=no -r t
same -r --infected=no -i t
same -r --log=log1 --log=log2 t
[[ -s log1 && ! -e log2 ]] || fail "the second --log was taken"
rm log1
same -r --exclude=zip --exclude=txt t
same -r --include=zip --include=txt t

# Options may stand after paths.
same t -r -i
same t/arc -r t/web --no-summary

# Deprecated options: one warning each.
for option in --bytecode-trust-all --force --disable-summary --disable-archive --no-archive \
    --no-pe --no-elf --no-ole2 --no-pdf --no-html --no-mail --no-phishing-sigs \
    --no-phishing-scan-urls --no-algorithmic --no-phishing-restrictedscan --unzip --unrar --arj \
    --unzoo --lha --jar --tar --tgz --deb --detect-broken --mail-follow-urls; do
    same "$option" -r t/arc
done
for option in --max-ratio --max-space --timelimit; do
    same "$option=5" -r t/arc
done
same -r --unzip --unrar --unzip t/arc

# Old names that still work.
for option in --algorithmic-detection=no --block-max --phishing-ssl --phishing-cloak \
    --partition-intersection --block-macros --block-encrypted; do
    same "$option" -r --max-filesize=5000 t
done

# Bad ones: the same status (the text is one line of our own, see errors.sh).
for arguments in --no-such-option -Z --max-filesize=abc --max-files=-1 --max-recursion=x \
    --recursive=maybe -r=no --re --max-filesize= --follow-dir-symlinks=x; do
    their_status=0
    "$CLAMSCAN" -d "$db" "$arguments" t/plain/clean.txt >"$theirs" 2>&1 || their_status=$?
    scan "$arguments" t/plain/clean.txt
    [[ $status -eq $their_status ]] || fail "$arguments: status $status, clamscan's $their_status"
done
