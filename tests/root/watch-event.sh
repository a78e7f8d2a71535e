#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# VirusEvent, quarantine, deadlines and the fail mode, the log's promises, STATS and --status.
set -eu
. "$(dirname "$0")/../support/lib.sh"
. "$support/watch.sh"
need_watch
m=$scratch/m
home=$m/home
make_eicar "$home/eicar"
name=$(printf 'two\nlines: X FOUND')
make_eicar "$home/$name"
cat >"$scratch/event.sh" <<SH
#!/bin/sh
sleep 1
printf '%s|%s|%s|%s\n' "\$CLAM_VIRUSEVENT_FILENAME" "\$CLAM_VIRUSEVENT_VIRUSNAME" "\$1" "\$PATH" >>$scratch/events
SH
chmod 755 "$scratch/event.sh"
configure <<CONF
VirusEvent $scratch/event.sh %v
OnAccessQuarantine $m/quarantine
CONF
start_watch
denied "$home/eicar"
seen() { grep -qF -- "$home/eicar|$infected|$infected|/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" "$scratch/events" 2>/dev/null; }
! seen || fail "the opener waited for the command"
eventually seen || fail "no event: $(cat "$scratch/events" 2>/dev/null)"
# Quarantined, and the name is gone.
eventually test ! -e "$home/eicar" || fail "the file is still there"
[[ -n $(find "$m/quarantine" -name '*.json') ]] || fail "nothing in quarantine"
# A name with a line end makes one line of the log, not two.
denied "$home/$name"
logged 'two\nlines: X FOUND: '
! grep -qaE '^lines: X FOUND' "$log" || fail "a name forges a line"
"$watch" -c "$conf" --status | grep -q '^Block: .*Eicar-Test-Signature.* denied' || fail "no block in --status"
kill -USR1 "$(main_pid)"
logged 'WATCH-LATENCY: microseconds p50 '
stop_watch

# The fail mode: a worker that takes too long. (All workers are stopped.)
for deny in no yes; do
    printf 'waits %s' "$deny" >"$home/waits"
    configure <<CONF
OnAccessDeadline 2
OnAccessDenyOnError $deny
CONF
    start_watch
    for pid in $(pgrep -P "$(engine_pid)"); do kill -STOP "$pid"; done
    before=$SECONDS
    if timeout 30 cat "$home/waits" >/dev/null 2>&1; then answer=no; else answer=yes; fi
    [[ $answer = "$deny" ]] || fail "OnAccessDenyOnError $deny: denied: $answer"
    [[ $((SECONDS - before)) -le 15 ]] || fail "the deadline was missed"
    logged 'no verdict within 2 s'
    for pid in $(pgrep -P "$(engine_pid)"); do kill -CONT "$pid"; done
    stop_watch
done

# A full disk under the log delays nobody.
mkdir "$scratch/full"
mount -t tmpfs -o size=16k tmpfs "$scratch/full"
mounted+=("$scratch/full")
configure </dev/null
sed -i "s#^LogFile .*#LogFile $scratch/full/log#" "$conf"
start_watch
head -c 100000 /dev/zero >"$scratch/full/fill" 2>/dev/null || true
make_eicar "$home/again" "$home/another"
for i in {1..50}; do denied "$home/again"; done
"$watch" -c "$conf" --ping 1 >/dev/null || fail "a full disk stops the daemon"
stop_watch

# The log is on the watched file system itself, and so are temporary files.
mkdir "$home/log" "$home/temporary"
configure <<CONF
TemporaryDirectory $home/temporary
CONF
sed -i "s#^LogFile .*#LogFile $home/log/watch.log#" "$conf"
start_watch
denied "$home/again"
echo clean >"$home/fine"
readable "$home/fine"
eventually grep -q "$home/again: $infected FOUND" "$home/log/watch.log" || fail "no line"
mv "$home/log/watch.log" "$home/log/watch.log.1" # logrotate
denied "$home/another"
eventually grep -q FOUND "$home/log/watch.log" || fail "the log was not opened anew"
stop_watch
[[ -z $(ls "$home/temporary") ]] || fail "temporary files are left"
