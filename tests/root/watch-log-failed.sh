#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A scan that fails is in the log as clamd has it, `PATH: TEXT ERROR`, and the next line says what the
# opener was answered. (Workers are killed faster than a scan is tried again.)
set -eu
. "$(dirname "$0")/../support/lib.sh"
. "$support/watch.sh"
need_watch
home=$scratch/m/home
mkdir "$home/no" "$home/yes" # written before anybody watches: to open for writing is to open
for deny in no yes; do
    for ((i = 1; i <= 400; i++)); do echo "$deny $i" >"$home/$deny/$i"; done
done
for deny in no yes; do
    configure <<<"OnAccessDenyOnError $deny"
    start_watch
    said=allowed
    [[ $deny = no ]] || said=denied
    at=0
    fails() {
        local pid
        for pid in $(pgrep -P "$(engine_pid)"); do kill -STOP "$pid" 2>/dev/null; done
        file=$home/$deny/$((++at))
        timeout 60 cat "$file" >/dev/null 2>&1 &
        local opener=$! tries
        for ((tries = 0; tries < 100; tries++)); do
            for pid in $(pgrep -P "$(engine_pid)"); do kill -KILL "$pid" 2>/dev/null; done
            kill -0 "$opener" 2>/dev/null || break
        done
        answer=allowed
        wait "$opener" || answer=denied
        grep -qE "^.{24} -> $file: .+ ERROR\$" "$log"
    }
    eventually fails || fail "no scan fails: $(tail -n 5 "$log")"
    grep -A1 -E " -> $file: .+ ERROR\$" "$log" |
        grep -qE "^.{24} -> WARNING: $file: $said without a verdict \(OnAccessDenyOnError\)\$" ||
        fail "not said: $(tail -n 5 "$log")"
    [[ $answer = "$said" ]] || fail "the log says $said, and it was $answer"
    stop_watch
done
