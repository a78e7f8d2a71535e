#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Many openers at once, few descriptors, large files beside small ones. (Scenarios 6 and 7.)
set -eu
. "$(dirname "$0")/../support/lib.sh"
. "$support/watch.sh"
need_watch
home=$scratch/m/home
mkdir "$home/many"
for i in {1..200}; do echo "clean $i" >"$home/many/f$i"; done
for i in {1..20}; do make_eicar "$home/many/e$i"; done
cat >"$scratch/open.py" <<'PY'
"""open.py THREADS FILE…: opens every file at once; prints how many were read, denied, failed."""
import errno, sys, threading
names = sys.argv[1:]
results = []
def read(name):
    try:
        with open(name, 'rb') as f:
            f.read()
        results.append('read')
    except OSError as error:
        results.append('denied' if error.errno == errno.EPERM else 'failed')
threads = [threading.Thread(target=read, args=(name,)) for name in names]
for thread in threads: thread.start()
for thread in threads: thread.join(60)
print(results.count('read'), results.count('denied'), results.count('failed'),
      sum(thread.is_alive() for thread in threads))
PY
configure </dev/null

# 64 descriptors: nobody hangs, nobody is denied wrongly.
real=$watch
printf '#!/bin/bash\nulimit -n 64\nexec "%s" "$@"\n' "$real" >"$scratch/limited"
chmod 755 "$scratch/limited"
watch=$scratch/limited
start_watch
grep -q '^Max open files *64 ' "/proc/$(main_pid)/limits" || fail "there is no limit"
for round in first second; do
    answer=$(timeout 100 python3 "$scratch/open.py" "$home"/many/*)
    [[ $answer = "200 20 0 0" ]] ||
        fail "with 64 descriptors, $round time: read, denied, failed, hanging: $answer"
done
stop_watch
watch=$real

# It begins while many are opening files: nobody hangs, nobody is denied wrongly, and soon nothing
# infected is read any more.
rm -f "$scratch/stop"
cat >"$scratch/busy.py" <<'PY'
import os, sys, threading
home, stop = sys.argv[1:]
wrong = [0]
def work(n):
    i = n
    while not os.path.exists(stop):
        i += 7
        try:
            open(f'{home}/many/f{i % 200 + 1}', 'rb').read()
        except OSError:
            wrong[0] += 1
threads = [threading.Thread(target=work, args=(n,)) for n in range(50)]
for thread in threads: thread.start()
for thread in threads: thread.join(60)
print(wrong[0], sum(thread.is_alive() for thread in threads))
PY
timeout 100 python3 "$scratch/busy.py" "$home" "$scratch/stop" >"$scratch/answer" &
busy=$!
start_watch
for i in {1..20}; do denied "$home/many/e$i"; done
touch "$scratch/stop"
wait "$busy" || fail "openers hang while the watch begins"
[[ $(cat "$scratch/answer") = "0 0" ]] || fail "denied, hanging while the watch begins: $(cat "$scratch/answer")"
stop_watch

start_watch
for ((i = 0; i < 3; i++)); do
    touch "$home"/many/f* # forgotten
    answer=$(timeout 100 python3 "$scratch/open.py" "$home"/many/* "$home"/many/* "$home"/many/*)
    [[ $answer = "600 60 0 0" ]] || fail "read, denied, failed, hanging: $answer"
done

# Four files of 60 MB; a small one does not wait for them to be done.
for i in 1 2 3 4; do
    head -c 60000000 /dev/urandom >"$home/large$i"
done
echo small >"$home/small"
readers=()
for i in 1 2 3 4; do
    cat "$home/large$i" >/dev/null &
    readers+=("$!")
done
readable "$home/small"
running=0
for pid in "${readers[@]}"; do
    if kill -0 "$pid" 2>/dev/null; then running=$((running + 1)); fi
done
for pid in "${readers[@]}"; do wait "$pid" || fail "a large file cannot be read"; done
# All four would have been done before only if the small one had waited for them.
[[ $running -ge 1 ]] || fail "the small file was opened only after the large ones"
