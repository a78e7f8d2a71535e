#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# While nothing happens the engine sleeps: it does not wake to look whether it has something to do.
# A worker that dies is still buried, and another one takes its place.
# shellcheck source=tests/support/lib.sh
. "$(dirname "$0")/../support/lib.sh"
# shellcheck source=tests/support/watch.sh
. "$support/watch.sh"
need_watch
configure </dev/null
start_watch
make_eicar "$scratch/m/home/eicar"
denied "$scratch/m/home/eicar"

engine=$(engine_pid)
awoken() { awk '/^voluntary_ctxt_switches/ { print $2 }' "/proc/$engine/status"; }
sleeps=
for ((i = 0; i < 5; i++)); do # what came before may still keep it busy for a moment
    before=$(awoken)
    sleep 3
    [[ $(awoken) -ne $before ]] || { sleeps=yes; break; }
done
[[ -n $sleeps ]] || fail "the engine woke $(($(awoken) - before)) times in three seconds"

worker=$(workers "$engine" | head -n 1)
kill -KILL "$worker"
buried() { [[ ! -e /proc/$worker ]]; }
eventually buried || fail "the worker is $(grep State "/proc/$worker/status")"
denied "$scratch/m/home/eicar"
