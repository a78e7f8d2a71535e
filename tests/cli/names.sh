#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A file's name can forge no line: control characters, backslashes and invalid UTF-8 are escaped;
# -0 prints names raw. Paths longer than the system's limit are scanned like all others.
set -eu
. "$(dirname "$0")/../support/lib.sh"
! stands_in || skip "clamscan does not escape"
need python3

mkdir t
while IFS= read -r -d '' name; do make_eicar "t/$name"; done < <(
    printf '%s\0' $'line\nroot: Win.Trojan FOUND' $'esc\e[31m' $'tab\there' $'cr\rhere' \
        'back\slash' $'bad\xff\xfeutf8' $'c1\xc2\x9b' $'bell\a' $'del\x7f' ümlaut ' blank ' '-dash'
)
count=$(find t -type f -printf x | wc -c)

scan -r --no-summary t
expect_status 1
[[ $(wc -l <"$out") -eq $count ]] || fail "not one line a file"
expect_count "$count" '^t/.*: Eicar-Test-Signature\.UNOFFICIAL FOUND$'
expect_line 't/line\nroot: Win.Trojan FOUND: '"$eicar_found"
expect_line 't/esc\033[31m: '"$eicar_found"
expect_line 't/tab\there: '"$eicar_found"
expect_line 't/cr\rhere: '"$eicar_found"
expect_line 't/back\\slash: '"$eicar_found"
expect_line 't/bad\377\376utf8: '"$eicar_found"
expect_line 't/c1\302\233: '"$eicar_found"
expect_line 't/bell\a: '"$eicar_found"
expect_line 't/del\177: '"$eicar_found"
expect_line 't/ümlaut: '"$eicar_found"
expect_line 't/ blank : '"$eicar_found"

# The log is escaped too, and so are warnings and what is said of actions.
scan -r --no-summary --log=log --copy="$scratch" t $'missing\nfile'
[[ $(grep -c 'FOUND$' log) -eq $count ]] || fail "the log has other lines than one a file"
expect_error '^WARNING: missing\\nfile: Can.t access file$'
[[ $(grep -c 'copied to' "$out") -eq $count ]] || fail "lines of actions are broken"

# -0: names raw, ends are NUL.
scan -0 -r t
expect_same <(tr '\0' '\n' <"$out" | sort) \
    <(find t -type f -printf "%p: $eicar_found\n" | sort) "-0 and the files"
[[ $(tr -cd '\0' <"$out" | wc -c) -eq $count ]] || fail "-0 ends not every line with NUL"
scan --null --no-summary -r t
[[ $(tr -cd '\0' <"$out" | wc -c) -eq $count ]] || fail "--null"

# A path of more than 5,000 bytes, found by the walk and given as an argument.
python3 - <<'PYTHON'
import os
for _ in range(26):
    os.mkdir("d" * 200)
    os.chdir("d" * 200)
open("end\n", "w").write("clean\n")
PYTHON
deep=$(printf "$(printf 'd%.0s' {1..200})/%.0s" {1..26})
scan -r --no-summary --max-dir-recursion=30 "${deep%%/*}"
expect_status 0
expect_line "${deep}end\\n: OK"
scan --no-summary "${deep}end"$'\n'
expect_status 0
expect_line "${deep}end\\n: OK"
scan -r --no-summary "${deep%%/*}" # too deep by default: not reached, as by clamscan
expect_no_match end
