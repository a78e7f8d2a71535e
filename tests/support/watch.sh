# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# For tests of onaccess-watch; sourced after lib.sh. What is watched are file systems of the test's
# own in image files, never the machine's; every watch ends by itself after two minutes.

# shellcheck disable=SC2034,SC2154 # variables from and for the tests
watch=$BUILD/onaccess-watch
conf=$scratch/watch.conf
log=$scratch/watch.log
sock=$scratch/clamd.sock
mounted=()
infected='Eicar-Test-Signature.UNOFFICIAL'

leave() {
    local code=$1 i
    set +e
    # A server of a file system that says nothing first: with it the kernel lets go whoever waits.
    for i in ${started[@]+"${started[@]}"}; do kill -KILL "$i" 2>/dev/null; done
    stop_watch KILL
    for ((i = ${#mounted[@]} - 1; i >= 0; i--)); do
        umount -R "${mounted[i]}" 2>/dev/null || umount -l "${mounted[i]}" 2>/dev/null
    done
    (exit "$code")
    clean_up
}
trap 'leave $?' EXIT

need_watch() {
    need_root
    need mkfs.ext4 python3
    make_image "$scratch/m"
}

# A file system of our own, mounted at DIRECTORY; SIZE for truncate(1), further options for mkfs.ext4(8).
make_image() { # DIRECTORY [SIZE [OPTION...]]
    local image=$scratch/image.$RANDOM$RANDOM
    mkdir -p "$1"
    truncate -s "${2:-300M}" "$image"
    mkfs.ext4 -q "${@:3}" "$image"
    mount -o loop "$image" "$1" 2>"$scratch/mount.err" ||
        skip "no loop device to be had: $(head -n 1 "$scratch/mount.err")"
    mounted+=("$1")
    mkdir -p "$1/home" "$1/outside"
    chmod 755 "$scratch" "$scratch/w" "$1"
}

# The guide's configuration but for the paths; more options from stdin (`</dev/null`: none).
configure() {
    cat >"$conf" <<CONF
LogFile $log
LogFileMaxSize 20M
LogTime yes
LocalSocket $sock
DatabaseDirectory $db
OnAccessPrevention yes
OnAccessIncludePath $scratch/m/home
CONF
    cat >>"$conf"
}

watcher=
start_watch() { # [OPTION…]
    : >"$log"
    setsid timeout -k 5 120 "$watch" -c "$conf" -v "$@" >"$scratch/watch.out" 2>&1 9>&- &
    watcher=$!
    "$watch" -c "$conf" --ping 600:0 >/dev/null 2>&1 & # a first try costs nothing
    local end=$((SECONDS + 60)) # a gate that hangs costs a start ten
    while [[ $SECONDS -lt $end ]]; do
        if "$watch" -c "$conf" --ping 1 >/dev/null 2>&1; then return 0; fi
        kill -0 "$watcher" 2>/dev/null || break
        sleep 0.05
    done
    cat "$scratch/watch.out"
    fail "the watch does not start"
}
main_pid() { pgrep -P "$watcher" -x onaccess-watch | head -n 1; }
stop_watch() { # [SIGNAL]
    [[ -n $watcher ]] || return 0
    local main
    main=$(main_pid)
    [[ -z $main ]] || kill -"${1:-TERM}" "$main" 2>/dev/null || true
    wait "$watcher" 2>/dev/null || true
    watcher=
}
# children of the main process, by what they hold: gates have a fanotify group open.
gates() {
    local pid
    for pid in $(pgrep -P "$(main_pid)"); do
        if readlink /proc/"$pid"/fd/* 2>/dev/null | grep -q fanotify; then echo "$pid"; fi
    done
}
# The engine keeps the directory of its workers open, a gate its fanotify group, the door neither.
door() {
    local pid
    for pid in $(pgrep -P "$(main_pid)"); do
        readlink /proc/"$pid"/fd/* 2>/dev/null | grep -qE 'fanotify|hostav-scan' || echo "$pid"
    done
}
engine_pid() {
    local pid
    for pid in $(pgrep -P "$(main_pid)"); do
        if readlink /proc/"$pid"/fd/* 2>/dev/null | grep -q hostav-scan; then echo "$pid"; fi
    done
}
count() { # NAME: one of the gate's counters
    "$watch" -c "$conf" --status --json | python3 -c 'import json, sys
print(json.load(sys.stdin)["count_" + sys.argv[1]])' "$1"
}

denied() { # FILE: reading it must fail with EPERM
    local said
    if said=$(LC_ALL=C timeout 60 cat "$1" 2>&1 >/dev/null); then fail "$1 could be read"; fi
    [[ $said = *'Operation not permitted'* ]] || fail "$1: $said"
}
readable() { timeout 60 cat "$1" >/dev/null || fail "$1 cannot be read"; }
logged() { eventually grep -qaF -e "$1" "$log" || {
    tail -n 20 "$log"
    fail "the log has no '$1'"
}; }
