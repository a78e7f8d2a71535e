# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# For differential tests: clamscan and scan do the same thing, and what they say is compared as a
# sorted set of lines, with the exit status. Brings lib.sh along.
#
# The documented differences are taken out here and nowhere else: times and dates, the lines
# `Rate:`, `Partially scanned files:` and `Directories too deep:` of the summary; with -a, long
# chains of names, which clamscan cuts to 127 bytes; `Not fully scanned (…)`, which stands where
# clamscan says OK (or says nothing because OK is not shown); `Unnamed FOUND`, where clamscan counts
# an infected file and does not say which; control characters and bytes that are not UTF-8, which
# scan escapes; with -a, clam_IScab_int.exe's outer names, of which clamscan's list keeps one too long
# or not, as its cache has it. How much data was scanned is compared only where no cache of clean files is used:
# each worker has its own.

# shellcheck disable=SC2034 # some are for the tests only
set -eu
# shellcheck source=tests/support/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
need_clamscan
need_testfiles
need python3
theirs=$scratch/theirs
ours=$scratch/ours
compared=0

# What of clamscan's output must be in ours.
lines_of() { # OUT ERR
    {
        grep -avE '^(Time|Start Date|End Date|Rate|Partially scanned files|Directories too deep): ' "$1" || true
        grep -aE '^WARNING: |: No such file or directory$' "$2" | sed 's/^/stderr: /' || true
    } | sed -E 's/\\([0-7]{3}|[abtnvfr])/?/g; s/[\x01-\x1f\x7f-\xff]/?/g; s/\\\\/\\/g
        /clam_(IScab_int|cache_emax)/s/^([^!]*)!.*!\(/\1!(/'
}
as_clamscan() { # LINES of ours; reads $theirs.lines
    awk -v theirs="$theirs.lines" '
        BEGIN { while ((getline line < theirs) > 0) said[line] = 1 }
        / Not fully scanned \([^)]*\)$/ {
            sub(/ Not fully scanned \([^)]*\)$/, " OK")
            if (!($0 in said)) next
        }
        / Unnamed FOUND$/ && !($0 in said) { next }
        { print }' "$1"
}

# Runs both with the same arguments as they stand, here, and compares.
same_as_given() {
    local their_status=0
    "$CLAMSCAN" "$@" >"$theirs" 2>"$theirs.err" || their_status=$?
    run "$SCAN" "$@"
    ran="${CLAMSCAN##*/} and scan $*"
    local but='^$'
    [[ " $* " = *" --disable-cache "* ]] || but='^Data '
    lines_of "$theirs" "$theirs.err" | grep -avE "$but" | sort >"$theirs.lines" || true
    lines_of "$out" "$err" | grep -avE "$but" | sort >"$ours.unsorted" || true
    as_clamscan "$ours.unsorted" | sort >"$ours.lines"
    expect_same "$theirs.lines" "$ours.lines" "lines (< clamscan, > scan)"
    [[ $status -eq $their_status ]] || fail "status $status, clamscan's is $their_status"
    compared=$((compared + 1))
}

# The same with the test database. Without the cache of clean files: each worker has its own.
same() { same_as_given -d "$db" --disable-cache "$@"; }

# For options that change files: `fresh` (a function of the test) fills the empty working
# directory before each program's run, and what is there afterwards is compared too.
same_afterwards() {
    local who program
    for who in theirs ours; do
        program=$SCAN
        [[ $who = ours ]] || program=$CLAMSCAN
        cd "$scratch" || exit
        rm -rf "$scratch/w"
        mkdir "$scratch/w"
        cd "$scratch/w" || exit
        fresh
        run "$program" -d "$db" --disable-cache "$@"
        { find . -type f ! -name log -printf '%P %m %s %T@\n'; find . ! -type f -printf '%P %y %m %l\n'; } |
            sort >"$scratch/left.$who"
        lines_of "$out" "$err" | sort >"$scratch/lines.$who"
        echo "status $status" >>"$scratch/lines.$who"
    done
    ran="${CLAMSCAN##*/} and scan $*"
    expect_same "$scratch/lines.theirs" "$scratch/lines.ours" "lines (< clamscan)"
    expect_same "$scratch/left.theirs" "$scratch/left.ours" "files left (< clamscan)"
    compared=$((compared + 1))
}
