#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A request that runs while signatures are reloaded, and reloaded again, is answered, by engines of
# which there are never more than two beside the one that loads; a broken database changes nothing.
set -eu
. "$(dirname "$0")/../support/lib.sh"
. "$support/watch.sh"
need_root
need clamdscan
chmod 755 "$scratch" "$scratch/w"
make_eicar "$scratch/w/eicar"
cat >"$conf" <<CONF
LogFile $log
LocalSocket $sock
LocalSocketMode 666
DatabaseDirectory $db
CONF
start_watch
ask() { clamdscan -c "$conf" --no-summary --fdpass "$scratch/w/eicar"; }
reloads() { grep -c 'Database correctly reloaded' "$log" || true; }
reload() {
    local before
    before=$(reloads)
    clamdscan -c "$conf" --reload >/dev/null
    more() { [[ $(reloads) -gt $before ]]; }
    eventually more || fail "the reload does not come to an end"
}
run ask
expect_status 1
for worker in $(pgrep -P "$(engine_pid)"); do kill -STOP "$worker"; done # a file that takes its time
ask >"$scratch/answer" 2>&1 &
waiting=$!
for _ in 1 2 3; do
    reload
    run ask
    expect_status 1 # others are served by the new one
    [[ $(engine_pid | wc -l) -le 2 ]] || fail "$(engine_pid | wc -l) engines are kept"
done
wait "$waiting" || [[ $? -eq 1 ]] || fail "the request that ran has status $?"
grep -qxF "$scratch/w/eicar: $infected FOUND" "$scratch/answer" || fail "it was answered: $(cat "$scratch/answer")"
echo 'not:a:signature' >"$db/broken.ndb"
clamdscan -c "$conf" --reload >/dev/null
logged 'the old signatures stay in service'
run ask
expect_status 1
