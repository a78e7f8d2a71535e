#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# ConcurrentDatabaseReload no: there are never the signatures of two engines in memory. The old
# engine has ended before the new one is made, also when a request still uses the old one; with
# `yes` it is the other way round. In which order is what the kernel told the main process.
set -eu
. "$(dirname "$0")/../support/lib.sh"
. "$support/watch.sh"
need_root
need clamdscan strace
chmod 755 "$scratch" "$scratch/w"
make_eicar "$scratch/w/eicar"
trace=$scratch/trace

traced() { ! grep -q '^TracerPid:.0$' "/proc/$(main_pid)/status"; }
in_trace() { grep -qE "$1" "$trace"; }
line_of() { grep -nE "$1" "$trace" | head -n 1 | cut -d: -f1; }
# Reloads; leaves the numbers of the lines in $made and $ended.
reload() {
    local old new tracer before
    old=$(engine_pid)
    [[ $old =~ ^[0-9]+$ ]] || fail "engines before: $old"
    before=$(grep -c 'Database correctly reloaded' "$log" || true)
    strace -o "$trace" -e trace=clone,clone3,fork,vfork,wait4 -p "$(main_pid)" 2>/dev/null &
    tracer=$!
    started+=("$tracer")
    eventually traced || fail "strace cannot attach"
    kill -USR2 "$(main_pid)"
    more() { [[ $(grep -c 'Database correctly reloaded' "$log") -gt $before ]]; }
    eventually more || fail "the reload does not come to an end"
    eventually in_trace "^wait4.* = $old\$" || fail "the old engine does not end"
    new=$(engine_pid)
    [[ $new =~ ^[0-9]+$ && $new != "$old" ]] || fail "engines after: $new"
    kill "$tracer"
    wait "$tracer" || true
    made=$(line_of "^(clone|clone3|fork|vfork)\\(.* = $new\$")
    ended=$(line_of "^wait4.* = $old\$")
    [[ -n $made && -n $ended ]] || fail "the trace lacks an engine: $(cat "$trace")"
}
for concurrent in no yes; do
    cat >"$conf" <<CONF
LogFile $log
LocalSocket $sock
DatabaseDirectory $db
ConcurrentDatabaseReload $concurrent
CONF
    start_watch
    ask() { clamdscan -c "$conf" --no-summary --fdpass "$scratch/w/eicar"; }
    run ask
    expect_status 1
    reload
    if [[ $concurrent = yes ]]; then
        [[ $made -lt $ended ]] || fail "yes: the old engine ended before there was a new one"
    else
        [[ $ended -lt $made ]] || fail "no: a new engine was made beside the old one"
        # A file that takes its time holds the old engine only for so long.
        run ask
        expect_status 1
        for worker in $(pgrep -P "$(engine_pid)"); do kill -STOP "$worker"; done
        ask >"$scratch/answer" 2>&1 &
        waiting=$!
        reload
        [[ $ended -lt $made ]] || fail "no, with a request: a new engine was made beside the old one"
        wait "$waiting" || [[ $? -eq 1 ]] || fail "the request that ran has status $?"
        grep -qxF "$scratch/w/eicar: $infected FOUND" "$scratch/answer" || fail "it was answered: $(cat "$scratch/answer")"
    fi
    run ask
    expect_status 1
    stop_watch
done
