#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Whoever waits has an answer by the deadline: also those whom the gate has had no descriptor for,
# without an engine, and whichever the fail mode is.
set -eu
. "$(dirname "$0")/../support/lib.sh"
. "$support/watch.sh"
need_watch
home=$scratch/m/home
mkdir "$home/many"
for i in {1..200}; do echo "clean $i" >"$home/many/f$i"; done
make_eicar "$home/eicar"
cat >"$scratch/open.py" <<'PY'
"""Opens every file at once; prints how many were read and denied, and the longest wait in seconds."""
import sys, threading, time
results, waits = [], []
def read(name):
    before = time.monotonic()
    try:
        open(name, 'rb').read()
        results.append('read')
    except PermissionError:
        results.append('denied')
    waits.append(time.monotonic() - before)
threads = [threading.Thread(target=read, args=(name,)) for name in sys.argv[1:]]
for thread in threads: thread.start()
for thread in threads: thread.join(100)
print(results.count('read'), results.count('denied'), int(max(waits)))
PY
real=$watch
printf '#!/bin/bash\nulimit -n 64\nexec "%s" "$@"\n' "$real" >"$scratch/limited"
chmod 755 "$scratch/limited"
watch=$scratch/limited
for deny in no yes; do
    configure <<CONF
OnAccessDeadline 3
OnAccessDenyOnError $deny
CONF
    start_watch
    touch "$home"/many/*
    for pid in $(pgrep -P "$(engine_pid)"); do kill -STOP "$pid"; done
    read -r could not longest <<<"$(timeout 100 python3 "$scratch/open.py" "$home"/many/*)"
    expected='200 0'
    [[ $deny = no ]] || expected='0 200'
    [[ "$could $not" = "$expected" ]] || fail "OnAccessDenyOnError $deny: read, denied: $could $not"
    # One deadline, not one for every 42 openers that the gate has a descriptor for.
    [[ $longest -lt 8 ]] || fail "OnAccessDenyOnError $deny: somebody waited $longest s"
    for pid in $(pgrep -P "$(engine_pid)"); do kill -CONT "$pid"; done
    stop_watch
done
watch=$real

# No engine, and none that loads: the fail mode's answer, clean files too (scenario 8).
for deny in no yes; do
    configure <<CONF
OnAccessDeadline 2
OnAccessDenyOnError $deny
CONF
    start_watch
    denied "$home/eicar"
    echo 'not:a:signature' >"$db/broken.ndb"
    kill -KILL "$(engine_pid)"
    logged 'there are no signatures until they can be loaded'
    touch "$home/many/f1"
    if timeout 60 cat "$home/many/f1" >/dev/null 2>&1; then answer=no; else answer=yes; fi
    [[ $answer = "$deny" ]] || fail "without an engine, OnAccessDenyOnError $deny: denied: $answer"
    logged "$home/many/f1: no verdict within 2 s"
    run "$watch" -c "$conf" --status
    expect_status 1
    rm "$db/broken.ndb"
    eventually sh -c 'cat "$1" >/dev/null 2>&1 && ! cat "$2" >/dev/null 2>&1' - "$home/many/f1" "$home/eicar" ||
        fail "no engine is loaded again"
    stop_watch
done

# Too few descriptors to work at all: said at the start.
run timeout 20 bash -c 'ulimit -n 20; exec "$@"' - "$watch" -c "$conf" -q
expect_status 1
grep -q '^onaccess-watch: RLIMIT_NOFILE: ' "$err" || fail "no line"
