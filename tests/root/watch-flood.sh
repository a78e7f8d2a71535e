#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Whoever opens an infected file in a loop is denied every time, but fills no disk: one line a
# second is logged, and how many more there were; VirusEvent is run as often as there are lines.
set -eu
. "$(dirname "$0")/../support/lib.sh"
. "$support/watch.sh"
need_watch
home=$scratch/m/home
printf '#!/bin/sh\necho x >>%s\n' "$scratch/events" >"$scratch/event.sh"
chmod 755 "$scratch/event.sh"
: >"$scratch/events"
configure <<<"VirusEvent $scratch/event.sh"
make_eicar "$home/eicar" "$home/other"

cat >"$scratch/open.py" <<'PY'
import os, sys, time
denied, began = 0, time.monotonic()
for i in range(int(sys.argv[2])):
    try: os.close(os.open(sys.argv[1], os.O_RDONLY))
    except PermissionError: denied += 1
print(denied, int(time.monotonic() - began) + 1)
PY
start_watch
for opens in 1 3000; do
    read -r times seconds < <(timeout 100 python3 "$scratch/open.py" "$home/eicar" "$opens")
    [[ $times -eq $opens ]] || fail "denied $times times of $opens"
done
# All of them are told of, in lines or in numbers.
lines() { grep -ac -e "-> $home/$1: $infected FOUND\$" "$log" || true; } # NAME
more() {                                                                # NAME
    sed -nE "s#.*-> $home/$1: $infected: ([0-9]+) more times within [0-9]+ s\$#\1#p" "$log" | {
        echo 0
        cat
    } | paste -sd+
}
told() { [[ $(($(lines eicar) + $(more eicar))) -eq 3001 ]]; }
eventually told || {
    tail -n 20 "$log"
    fail "$(lines eicar) lines, $(more eicar) more"
}
[[ $(lines eicar) -le $((seconds + 2)) ]] || fail "$(lines eicar) lines in $seconds seconds"
[[ $(grep -ac 'FOUND' "$log") -eq $(lines eicar) ]] || fail "more lines with FOUND than detections"
run_often() { [[ $(wc -l <"$scratch/events") -eq $(lines eicar) ]]; }
eventually run_often || fail "VirusEvent: $(wc -l <"$scratch/events") times, $(lines eicar) lines"
[[ $(count repeated) -eq $((3001 - $(lines eicar))) && $(count denied) -eq 3001 && $(count lost) -eq 0 ]] ||
    fail "counters: $("$watch" -c "$conf" --status --json)"

# What ends before the second is over says so, too; another file is another line.
timeout 100 python3 "$scratch/open.py" "$home/other" 5 >"$out"
stop_watch
[[ $(lines other) -ge 1 && $(($(lines other) + $(more other))) -eq 5 ]] ||
    fail "another file: $(lines other) lines, $(more other) more"
