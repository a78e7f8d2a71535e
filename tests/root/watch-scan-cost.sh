#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# With a resident engine a scan of one file loads nothing: all that it costs, what the daemon does
# for it included, is a small fraction of what a scan with signatures of its own costs.
set -eu
. "$(dirname "$0")/../support/lib.sh"
. "$support/watch.sh"
need_root
need python3 strace
chmod 755 "$scratch" "$scratch/w"
"$repo/tests/bench/gen-signatures" "$scratch/large" --only main.ndb --scale 2.2
cp "$scratch/large/main.ndb" "$db/large.ndb"
[[ $(wc -l <"$db/large.ndb") -gt 190000 ]] || fail "too few signatures"
make_eicar eicar
cat >"$conf" <<CONF
LogFile $log
LocalSocket $sock
DatabaseDirectory $db
CONF
start_watch
run strace -f -e trace=openat,open -o trace "$SCAN" -d "$db" --engine="$sock" --no-summary eicar
expect_status 1
expect_line "eicar: $eicar_found"
! grep -qE '(large|test)\.ndb' trace || fail "signatures were opened: $(grep ndb trace | head -n 3)"
cat >"$scratch/cost.py" <<'PY'
"""The least CPU time of two scans with signatures of its own and with the resident engine's."""
import os, resource, subprocess, sys, time
engine, door, socket, *command = sys.argv[1:]
def seconds_of(pid):
    with open(f'/proc/{pid}/stat') as file: fields = file.read().rsplit(')', 1)[1].split()
    return sum(map(int, fields[11:15])) / os.sysconf('SC_CLK_TCK') # with its dead children
def workers():
    return len(subprocess.run(['pgrep', '-P', engine], stdout=subprocess.PIPE).stdout.split())
def cost(choice):
    had = workers()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    daemon = seconds_of(engine) + seconds_of(door)
    scan = subprocess.run([*command, '--engine=' + choice], stdout=subprocess.PIPE)
    assert scan.returncode == 1 and b'FOUND' in scan.stdout, scan
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    until = time.time() + 60
    while workers() > had and time.time() < until: time.sleep(.1) # the engine knows their cost then
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            + seconds_of(engine) + seconds_of(door) - daemon)
own, resident = (min(cost(choice) for _ in range(2)) for choice in ('local', socket))
print(f'own {own:.3f} s, resident {resident:.3f} s')
sys.exit(own < resident) # by how much is for the benchmark
PY
[[ $(engine_pid) =~ ^[0-9]+$ && $(door) =~ ^[0-9]+$ ]] || fail "engines and doors: $(engine_pid) $(door)"
run timeout 250 python3 "$scratch/cost.py" "$(engine_pid)" "$(door)" "$sock" "$SCAN" -d "$db" --no-summary eicar
[[ $status -eq 0 ]] || fail "the resident engine saves too little"
