#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# New signatures come into service without a gap: under load no infected open succeeds and no clean
# one fails, with and without ConcurrentDatabaseReload (what that is: watch-one-engine.sh); what does
# not load leaves the old ones in service.
set -eu
. "$(dirname "$0")/../support/lib.sh"
. "$support/watch.sh"
need_watch
home=$scratch/m/home
for i in {1..100}; do echo "clean $i" >"$home/f$i"; done
make_eicar "$home/eicar"
cat >"$scratch/load.py" <<'PY'
"""Opens clean files and an infected one until a file tells it to stop; prints wrong outcomes."""
import os, random, sys, threading
home, stop = sys.argv[1:]
wrong = []
opened = 0
def work(seed):
    global opened
    r = random.Random(seed)
    while not os.path.exists(stop) or opened <= 100:
        name = r.choice(['eicar', f'f{r.randrange(1, 101)}'])
        if r.random() < 0.1 and name != 'eicar':
            os.utime(f'{home}/{name}')
        try:
            open(f'{home}/{name}', 'rb').read()
            if name == 'eicar': wrong.append('infected read')
        except PermissionError:
            if name != 'eicar': wrong.append('clean denied')
        opened += 1
threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(opened > 100, *sorted(set(wrong)))
PY
for concurrent in yes no; do
    configure <<CONF
ConcurrentDatabaseReload $concurrent
SelfCheck 1
CONF
    start_watch
    rm -f "$scratch/stop"
    timeout 100 python3 "$scratch/load.py" "$home" "$scratch/stop" >"$scratch/answer" &
    loader=$!
    for i in {1..5}; do
        before=$(grep -c 'Database correctly reloaded' "$log" || true)
        kill -USR2 "$(main_pid)"
        again() { [[ $(grep -c 'Database correctly reloaded' "$log") -gt $before ]]; }
        eventually again || fail "reload $i does not come to an end"
    done
    # SelfCheck finds a new file by itself, and its signatures are in force.
    printf 'Clean-Signature-%s:0:*:%s\n' "$concurrent" "$(printf 'clean 77' | od -An -v -tx1 | tr -d ' \n')" >"$scratch/new.ndb"
    touch "$scratch/stop"
    wait "$loader" || fail "an opener hangs"
    [[ $(cat "$scratch/answer") = True ]] || fail "ConcurrentDatabaseReload $concurrent: $(cat "$scratch/answer")"
    cp "$scratch/new.ndb" "$db/new.ndb"
    logged 'SelfCheck: Database modification detected. Forcing reload.'
    eventually sh -c '! cat "$1" >/dev/null 2>&1' - "$home/f77" || fail "the new signature is not in force"
    rm "$db/new.ndb"
    stop_watch
done

# A database that does not load.
configure </dev/null
start_watch
denied "$home/eicar"
echo 'not:a:signature' >"$db/broken.ndb"
kill -USR2 "$(main_pid)"
logged 'the old signatures stay in service'
denied "$home/eicar"
readable "$home/f1"
"$watch" -c "$conf" --status >/dev/null || fail "--status is not good"
rm "$db/broken.ndb"
kill -USR2 "$(main_pid)"
logged 'Database correctly reloaded'
stop_watch

# At the start a database that does not load is an error, with one line.
echo 'not:a:signature' >"$db/broken.ndb"
run timeout 20 "$watch" -c "$conf" -q
expect_status 1
grep -q '^onaccess-watch: ' "$err" || fail "no line"
[[ $(grep -c '^onaccess-watch: ' "$err") -eq 1 ]] || fail "not one line"
[[ ! -e $sock ]] || fail "the socket is left"
