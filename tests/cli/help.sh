#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# --help names every option that clamscan's names, and -V begins as clamscan's does. What --help of
# each tool shows fits a line, and its examples can be typed.
set -eu
. "$(dirname "$0")/../support/lib.sh"

run "$SCAN" --help
expect_status 0
expect_silent
options() { grep -oE -e '(^|[ ,])--[a-z0-9-]+' "$1" | tr -d ' ,' | sort -u; }
options "$out" >"$scratch/ours"
[[ $(wc -l <"$scratch/ours") -gt 60 ]] || fail "few options"
if command -v "$CLAMSCAN" >/dev/null; then
    "$CLAMSCAN" --help >"$scratch/clamscan"
    options "$scratch/clamscan" >"$scratch/theirs"
    missing=$(comm -13 "$scratch/ours" "$scratch/theirs")
    [[ -z $missing ]] || fail "not in --help: $missing"
fi
run "$SCAN" -V
expect_status 0
expect_match '^ClamAV [0-9]+\.[0-9]+\.[0-9]+'
run "$SCAN" --version
expect_match '^ClamAV [0-9]+\.[0-9]+\.[0-9]+'

# An example is one line: a program that we know first, and of our own options only real ones.
for tool in scan sigupdate onaccess-watch logship metric-push; do
    run "$BUILD/$tool" --help
    expect_status 0
    expect_silent
    expect_match "^Usage: $tool "
    ! grep -nE '^.{101,}' "$out" || fail "a line of $tool --help is longer than 100 columns"
    ! grep -nE $'[[:blank:]]$|\t' "$out" || fail "$tool --help has blanks where none belong"
    sed '1,/^Examples:$/d' "$out" >examples
    [[ $(wc -l <examples) -ge 4 ]] || fail "$tool --help has few examples"
    options "$out" >known
    if [[ $tool = metric-push ]]; then
        for command in setup {filter,topic,alarm}\ {put,list,delete}; do
            read -ra words <<<"$command"
            run "$BUILD/$tool" "${words[@]}" --help
            expect_status 0
            expect_match "^Usage: $tool $command "
            ! grep -nE '^.{101,}|[[:blank:]]$' "$out" || fail "$tool $command --help is not well set"
            options "$out" >>known
        done
    fi
    while IFS= read -r line; do
        [[ $line =~ ^\ \ (scan|sigupdate|onaccess-watch|logship|metric-push|find|curl|clamdscan)\  ]] ||
            [[ $line =~ ^\ \ (scan|sigupdate|onaccess-watch|logship|metric-push)$ ]] || fail "no example: $line"
        # What is said of it stands apart; a command has no lonely dashes in it.
        [[ ! $line =~ [^\ ]--\ |\ -\ [^|]*-- ]] || fail "an option is torn: $line"
        while IFS='|;' read -ra parts; do
            for part in "${parts[@]}"; do
                [[ $part =~ ^\ *$tool(\ |$) ]] || continue
                for option in $(grep -oE -e ' --[a-z0-9-]+' <<<"$part"); do
                    grep -qxF -e "$option" known || fail "$tool has no $option: $line"
                done
            done
        done <<<"$line"
    done <examples
done
