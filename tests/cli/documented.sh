#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Every option that --help lists is in the manual page and in the bash completion, and the page
# names no option that the program refuses.
set -eu
status=0

options() { grep -oE -- '--[a-z0-9][a-z0-9-]*[a-z0-9]' | sort -u; }
listed=$("$SCAN" --help | sed 's/\[.*//' | grep -E '^ ' | options)
[ "$(wc -l <<<"$listed")" -gt 50 ] || { echo "--help lists too little"; exit 1; }

page=$(sed -e ':join' -e '/\\$/{N;s/\\\n//;bjoin' -e '}' man/scan.1 |
    sed -n 's/^\.\(It\|Fl\) *//p' | sed 's/Fl -/--/g; s/^-/--/' | options)
for option in $listed; do
    grep -qx -- "$option" <<<"$page" || { echo "$option is not in man/scan.1"; status=1; }
    grep -q -- "$option\b" scripts/completions/scan.bash ||
        { echo "$option is not in the completion"; status=1; }
done

for option in $page; do
    [[ $option != --alert ]] || continue # the page's `--alert-...`
    # --help ends the program before a missing value or file matters, an unknown option does not.
    for form in "$option" "$option=yes" "$option=1"; do
        "$SCAN" --help "$form" >/dev/null 2>&1 && continue 2
    done
    case $option in
    --yara-rules | --bytecode-mode | --statistics) ;; # words of their own
    *)
        echo "man/scan.1 names $option, which is refused:"
        "$SCAN" --help "$option" 2>&1 >/dev/null | head -n 1
        status=1
        ;;
    esac
done
exit "$status"
