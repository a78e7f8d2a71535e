#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Whoever dies: no opener hangs, nothing infected is let through while there is somebody to ask, and
# what died is there again. (Scenarios 8 and 9.)
set -eu
. "$(dirname "$0")/../support/lib.sh"
. "$support/watch.sh"
need_watch
home=$scratch/m/home
mkdir "$home/many"
for i in {1..1000}; do echo "clean $i" >"$home/many/f$i"; done
for i in {1..20}; do make_eicar "$home/many/e$i"; done
cat >"$scratch/open.py" <<'PY'
"""Opens every file, 8 at a time; prints how many were: clean read, clean denied, infected read."""
import concurrent.futures, sys, random
names = sys.argv[1:]
random.Random(1).shuffle(names)
def read(name):
    infected = '/e' in name
    try:
        with open(name, 'rb') as f:
            f.read()
        return (0 if infected else 1, 0, 1 if infected else 0)
    except PermissionError:
        return (0, 0 if infected else 1, 0)
with concurrent.futures.ThreadPoolExecutor(8) as pool:
    print(*map(sum, zip(*pool.map(read, names))))
PY
configure </dev/null
start_watch
open_all() { timeout 100 python3 "$scratch/open.py" "$home"/many/* >"$scratch/answer"; }

# Workers, at random, in the middle of 1,000 opens: none is lost.
open_all &
opener=$!
for i in {1..15}; do
    victim=$(pgrep -P "$(engine_pid)" 2>/dev/null | shuf -n 1)
    [[ -z $victim ]] || kill -KILL "$victim" 2>/dev/null || true
    sleep 0.03
done
wait "$opener" || fail "an opener hangs"
[[ $(cat "$scratch/answer") = "1000 0 0" ]] || fail "workers killed: $(cat "$scratch/answer")"

# The engine with all its workers.
touch "$home"/many/*
open_all &
opener=$!
sleep 0.1
kill -KILL "$(engine_pid)"
wait "$opener" || fail "an opener hangs"
[[ $(cat "$scratch/answer") = "1000 0 0" ]] || fail "engine killed: $(cat "$scratch/answer")"
logged 'the engine was killed by signal 9: another one is loaded'

# The door: another one is opened.
first=$(door)
[[ -n $first ]] || fail "no door"
kill -KILL "$first"
eventually "$watch" -c "$conf" --ping 1 >/dev/null 2>&1 || fail "the door stays closed"
denied "$home/many/e1"

# A gate: whoever waits is let go (only the kernel can answer now), and another one stands there.
gate=$(gates)
touch "$home"/many/*
open_all &
opener=$!
sleep 0.1
kill -KILL "$gate"
wait "$opener" || fail "an opener hangs"
[[ $(awk '{ print $2 }' "$scratch/answer") -eq 0 ]] || fail "gate killed: $(cat "$scratch/answer")"
eventually sh -c '! cat "$1" >/dev/null 2>&1' - "$home/many/e2" || fail "the gate is not made again"

# A gate that hangs is noticed, and openers are let go.
gate=$(gates)
kill -STOP "$gate"
started=$SECONDS
touch "$home/many/f1"
timeout 60 cat "$home/many/f1" >/dev/null || fail "an opener hangs with the gate"
[[ $((SECONDS - started)) -lt 30 ]] || fail "it took too long to notice"
eventually sh -c '! cat "$1" >/dev/null 2>&1' - "$home/many/e3" || fail "the gate is not made again"

# The main process: everything ends with it, and nobody waits.
touch "$home"/many/*
open_all &
opener=$!
sleep 0.1
main=$(main_pid)
children=$(pgrep -P "$main")
kill -KILL "$main"
wait "$opener" || fail "an opener hangs"
[[ $(awk '{ print $2 }' "$scratch/answer") -eq 0 ]] || fail "main killed: $(cat "$scratch/answer")"
readable "$home/many/e1"
all_gone() {
    local pid
    for pid in $children; do
        if kill -0 "$pid" 2>/dev/null; then return 1; fi
    done
}
eventually all_gone || fail "children outlive the main process"
wait "$watcher" 2>/dev/null || true
watcher=
# The socket is stale now, and taken over.
[[ -S $sock ]] || fail "no stale socket to try with"
start_watch
denied "$home/many/e1"
