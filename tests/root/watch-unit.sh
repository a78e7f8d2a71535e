#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What the systemd unit leaves to the service is enough: with exactly its capabilities everything
# works, and nothing asks for a system call or a namespace that it forbids.
set -eu
. "$(dirname "$0")/../support/lib.sh"
. "$support/watch.sh"
need_watch
need setpriv strace systemd-analyze
home=$scratch/m/home
unit=$repo/scripts/systemd/hostav-onaccess-watch.service
make_eicar "$home/bad"
echo fine >"$home/good"
configure <<<$'User nobody\nVirusEvent touch '"$scratch/event/%v"
mkdir -m 777 "$scratch/event"

bounding=-all
for capability in $(sed -n 's/^CapabilityBoundingSet=//p' "$unit"); do
    name=${capability#CAP_}
    bounding+=,+${name,,}
done
[[ $(tr -cd , <<<"$bounding" | wc -c) -ge 10 ]] || fail "no capabilities in the unit"
# What the unit forbids.
groups=$(sed -n 's/^SystemCallFilter=~//p' "$unit")
[[ -n $groups ]] || fail "no SystemCallFilter"
for group in $groups; do
    systemd-analyze syscall-filter "$group" | sed -n 's/^ \+\([a-z_0-9]\+\)$/\1/p'
done | sort -u >denied
# What a further line takes out again.
sed -n 's/^SystemCallFilter=\([^~]*\)$/\1/p' "$unit" | tr ' ' '\n' | grep . | sort -u >granted
comm -23 denied granted >forbidden
[[ $(wc -l <forbidden) -ge 20 ]] || fail "few calls forbidden"
trace=chroot,clone,clone3,unshare,setns,chmod,fchmod,fchmodat$(sed 's/^/,?/' forbidden | tr -d '\n')
# Started by what takes the place of the program, since start_watch() gives it all options.
cat >"$scratch/confined" <<SH
#!/bin/sh
case " \$* " in
*' --ping '*) exec $watch "\$@" ;;
esac
exec setpriv --bounding-set=$bounding strace -f -qq -e signal=none --seccomp-bpf -e trace=$trace -o $scratch/calls $watch "\$@"
SH
chmod 755 "$scratch/confined"
program_itself=$watch
watch=$scratch/confined
start_watch
watch=$program_itself
denied "$home/bad"
readable "$home/good"
logged "$home/bad: $infected FOUND"
eventually test -e "$scratch/event/$infected" || fail "no VirusEvent"
eventually "$watch" -c "$conf" --status >/dev/null || fail "the status is not good"
run "$SCAN" -d "$db" --engine="$sock" --no-summary "$home/good"
expect_status 0
! grep -q 'ERROR: ' "$log" || fail "$(cat "$log")"
main=$(pgrep -x onaccess-watch -s "$(ps -o sid= -p "$watcher" | tr -d ' ')" | head -n 1)
kill -USR2 "$main"
logged 'Database correctly reloaded'
denied "$home/bad"
kill -TERM "$main"
wait "$watcher" || true
watcher=
grep -q -- '--- Stopped' "$log" || fail "no end"

# chroot is what shows that calls were seen.
grep -q 'chroot(' "$scratch/calls" || fail "no call was seen"
called=$(sed -nE 's/^[0-9]+ +([a-z_0-9]+)\(.*/\1/p' "$scratch/calls" | sort -u)
both=$(comm -12 - forbidden <<<"$called")
[[ -z $both ]] || fail "the unit forbids what is called: $both"
! grep -E 'CLONE_NEW|^[0-9]+ +setns\(' "$scratch/calls" || fail "a namespace is made"
! grep -E 'chmod[a-z0-9]*\(.*, 0[2-7][0-7]{3}[,)]' "$scratch/calls" || fail "a set-id bit is set"
