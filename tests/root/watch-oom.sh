#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# When memory runs out: the gate and the engine stay (the unit says so), the worker that has the file
# goes first, VirusEvent's command is like any other. A worker that goes costs no opener its answer.
set -eu
. "$(dirname "$0")/../support/lib.sh"
. "$support/watch.sh"
need_watch
home=$scratch/m/home
make_eicar "$home/eicar"
echo clean >"$home/clean"
printf '#!/bin/sh\ncat /proc/self/oom_score_adj >%s\n' "$scratch/event.oom" >"$scratch/event.sh"
chmod 755 "$scratch/event.sh"
configure <<CONF
VirusEvent $scratch/event.sh
CONF
# As the unit starts it.
score=$(sed -n 's/^OOMScoreAdjust=//p' "$repo/scripts/systemd/hostav-onaccess-watch.service")
[[ $score -lt 0 ]] || fail "the unit says nothing"
# Without CAP_SYS_RESOURCE it can only be raised; what is inherited is the same.
(echo "$score" >/proc/self/oom_score_adj) 2>/dev/null || score=100
real=$watch
printf '#!/bin/bash\necho %s >/proc/self/oom_score_adj\nexec "%s" "$@"\n' "$score" "$real" >"$scratch/spared"
chmod 755 "$scratch/spared"
watch=$scratch/spared
start_watch
adj() { cat "/proc/$1/oom_score_adj"; }
[[ $(adj "$(main_pid)") -eq $score ]] || fail "it is not as it was started"
denied "$home/eicar"
[[ $(adj "$(gates)") -eq $score ]] || fail "the gate: $(adj "$(gates)")"
[[ $(adj "$(engine_pid)") -eq $score ]] || fail "the engine: $(adj "$(engine_pid)")"
for pid in $(pgrep -P "$(engine_pid)"); do
    [[ $(adj "$pid") -eq 500 ]] || fail "a worker: $(adj "$pid")"
done
eventually test -s "$scratch/event.oom" || fail "no event"
[[ $(cat "$scratch/event.oom") -eq 0 ]] || fail "VirusEvent: $(cat "$scratch/event.oom")"
for pid in $(pgrep -P "$(engine_pid)"); do kill -KILL "$pid"; done
readable "$home/clean"
denied "$home/eicar"
