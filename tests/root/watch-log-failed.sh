#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A scan that fails is in the log as clamd has it, `PATH: TEXT ERROR`, and the next line says what the
# opener was answered. (The engine stands still, so the scan's time is over before the deadline is.)
set -eu
. "$(dirname "$0")/../support/lib.sh"
. "$support/watch.sh"
need_watch
home=$scratch/m/home
for deny in no yes; do
    file=$home/$deny
    echo "$deny" >"$file"
    configure <<CONF
OnAccessDenyOnError $deny
OnAccessDeadline 300
MaxScanTime 1
CONF
    start_watch
    engine=$(engine_pid)
    kill -STOP "$engine" # no new workers
    for pid in $(pgrep -P "$engine"); do kill -STOP "$pid"; done
    said=allowed answer=allowed
    [[ $deny = no ]] || said=denied
    timeout 100 cat "$file" >/dev/null 2>&1 || answer=denied
    logged " -> $file: Timed out ERROR"
    logged " -> WARNING: $file: $said without a verdict (OnAccessDenyOnError)"
    grep -A1 -E "^.{24} -> $file: Timed out ERROR\$" "$log" | tail -n 1 | grep -q "WARNING: $file: $said" ||
        fail "not the next line: $(tail -n 5 "$log")"
    [[ $answer = "$said" ]] || fail "the log says $said, and it was $answer"
    stop_watch
done
