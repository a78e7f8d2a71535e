#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Every option that --help lists is in the manual page and in the bash completion, and the page
# names no option that the program does not know; every option of freshclam.conf and clamd.conf is in
# its page.
set -eu
status=0

options() { grep -oE -- '--[a-z0-9][a-z0-9-]*[a-z0-9]' | sort -u; }

document() { # PROGRAM PAGE LEAST [COMMAND...]
    local name=${1##*/} listed page option form command
    # shellcheck disable=SC2086 # a command is several words
    listed=$(for command in '' "${@:4}"; do "$1" $command --help | sed '/^Examples:/,$d'; done |
        sed 's/\[.*//' | grep -E '^ ' | grep -v "^  $name" | options)
    [ "$(wc -l <<<"$listed")" -gt "$3" ] || { echo "$name --help lists too little"; exit 1; }
    page=$(sed -e ':join' -e '/\\$/{N;s/\\\n//;bjoin' -e '}' "$2" |
        sed -n 's/^\.\(It\|Fl\) *//p' | sed 's/Fl -/--/g; s/^-/--/' | options)
    for option in $listed; do
        grep -qx -- "$option" <<<"$page" || { echo "$option is not in $2"; status=1; }
        grep -q -- "$option\b" "scripts/completions/$name.bash" ||
            { echo "$option is not in the completion of $name"; status=1; }
    done
    for option in $page; do
        [[ $option != --alert ]] || continue # the page's `--alert-...`
        # --help is made of the options that are known; some are not shown.
        ! grep -qx -- "$option" <<<"$listed" || continue
        # --help ends the program before a missing value or file matters, an unknown option does not.
        for form in "$option" "$option=yes" "$option=1"; do
            "$1" --help "$form" >/dev/null 2>&1 && continue 2
        done
        # One that is refused for its value, or for what goes with it, is known all the same.
        [[ $name != logship && $name != metric-push ]] || "$1" --help "$option" 2>&1 >/dev/null | grep -q 'unknown option' || continue
        case $option in
        --yara-rules | --bytecode-mode | --statistics) ;; # words of their own
        *)
            echo "$2 names $option, which is refused:"
            "$1" --help "$option" 2>&1 >/dev/null | head -n 1
            status=1
            ;;
        esac
    done
}
document "$SCAN" man/scan.1 50
document "$BUILD/sigupdate" man/sigupdate.8 35
document "$BUILD/onaccess-watch" man/onaccess-watch.8 20
document "$BUILD/logship" man/logship.8 40
document "$BUILD/metric-push" man/metric-push.8 60 health setup {filter,topic,alarm}\ {put,list,delete}

while read -r option _; do
    grep -q "^\.It Ic $option\b" man/freshclam.conf.5 ||
        { echo "$option is not in man/freshclam.conf.5"; status=1; }
done < <("$BUILD/sigupdate" --config-file=/dev/null --check-config | sed 1,2d)
while read -r option _; do
    grep -q "^\.It Ic $option\b" man/clamd.conf.5 || { echo "$option is not in man/clamd.conf.5"; status=1; }
done < <("$BUILD/onaccess-watch" -c /dev/null --check-config | sed 1,2d)
exit "$status"
