#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Time limit: 1200 seconds
#
# The whole chain on a machine that boots systemd and had nothing of hostav: user-data.sh, and what it
# promises from the kernel to the alarm; again; new signatures while the watch is on; after a reboot;
# an upgrade under load; purged, nothing is left.
if [[ $EUID -eq 0 && -z ${IN_A_NAMESPACE-} ]]; then
    IN_A_NAMESPACE=1 exec unshare -m --propagation private "$0"
fi
. "$(dirname "$0")/../support/metric-push.sh"
! stands_in || skip "nothing to install"
need dpkg-deb strip python3
. "$support/machine.sh"
need_machine
start_aws_server --lifetime 1200

# ---- what there is to install, and a mirror of signatures

(cd "$repo" && scripts/packaging/deb "$BUILD" 0.1.0 "$scratch" >/dev/null)
dpkg-deb -R "$scratch"/hostav_0.1.0-1_*.deb "$scratch/next"
sed -i 's/^Version: .*/Version: 0.1.1-1/' "$scratch/next/DEBIAN/control"
dpkg-deb --root-owner-group -Znone -b "$scratch/next" "$scratch/next.deb" >/dev/null

signatures=$scratch/mirror
mkdir "$signatures"
cp "$db/test.ndb" "$signatures/extra.ndb"
setsid "$support/mirror" --root "$signatures" --port-file "$scratch/mirror-port" >"$scratch/mirror-out" 2>&1 &
started+=("$!")
disown "$!"
eventually test -s "$scratch/mirror-port" || fail "the mirror did not start"
mirror=http://127.0.0.1:$(cat "$scratch/mirror-port")

boot
inside useradd -m alice
cp "$scratch"/hostav_0.1.0-1_*.deb "$signatures/first.deb" # where user-data fetches it
cp "$scratch/next.deb" "$machine/root/next.deb"
# Everything but what a running system writes by itself.
files() {
    (cd "$machine" && find . -xdev \( -path ./root -o -path ./home -o -path ./tmp -o -path ./run \
        -o -path './var/log/journal' -o -path './var/lib/dpkg' -o -path './var/cache' -o -path './var/lib/apt' \
        -o -path './var/tmp' -o -path './var/lib/systemd/deb-systemd-*' \) -prune -o -print) |
        grep -vxE './var/log/(apt|dpkg|alternatives|btmp|wtmp|lastlog|faillog).*|./var/lib/systemd/(random-seed|timers|catalog|linger|coredump).*|./etc/(passwd|shadow|group|gshadow|subuid|subgid)-|./etc/.pwd.lock|./var/lib/logrotate.*|./etc/resolv.conf' |
        sort
}
failed_units() { inside systemctl list-units --state=failed --plain --no-legend 'hostav-*'; }
accounts() { cut -d: -f1 "$machine/etc/passwd" "$machine/etc/group" | sort | tr '\n' ' '; }
files >"$scratch/files-before"
accounts_before=$(accounts)

# A fleet's own configuration is there first: no network to ClamAV's mirrors.
mkdir "$machine/etc/hostav"
cat >"$machine/etc/hostav/sigupdate.conf" <<CONF
DatabaseOwner clamav
ExcludeDatabase main
ExcludeDatabase daily
ExcludeDatabase bytecode
DatabaseCustomURL $mirror/extra.ndb
NotifyClamd /etc/hostav/onaccess-watch.conf
CONF

# ---- user-data, and again

user_data() { # through a pipe, as from a server
    run inside env PACKAGE="$mirror/first.deb" PACKAGE_SHA256="$digest" PRIVATE_MIRROR="$mirror" \
        MAIL=ops@example.com ENDPOINT_URL="$aws_url" METADATA_URL="$imds_url" "$@" sh <"$repo/scripts/user-data.sh"
    cp "$out" "$scratch/user-data-out"
}
digest=$(sha256sum "$signatures/first.deb" | cut -d' ' -f1)
works() { expect_match "^$1 +works "; }
digest=0000 user_data
expect_status 1
expect_error '^user-data: .*/first.deb: not the package whose sha256sum is 0000$'
user_data
expect_status 0
for step in engine blocked logged shipped counted alarmed updated scanned; do works "$step"; done
expect_no_match '(FAILS|not tested)'
expect_line 'made: alarm ClamAV VIRUS FOUND: clamav/found VIRUSFOUND Sum > 0, 1 of 1 periods of 300 s'
pids() { inside systemctl show -p MainPID --value hostav-onaccess-watch hostav-logship; }
before=$(pids)
user_data PACKAGE=installed
expect_status 0
expect_no_match '^(made|changed|user-data: changed): '
[[ $(pids) = "$before" ]] || fail "a second time: services were begun anew"

# ---- from an ordinary user's hand to the alarm

instance=i-0123456789abcdef0
stream_has() { stored clamav "$instance" | grep -qF -e "-> $1: $infected FOUND"; }
infected='Eicar-Test-Signature.UNOFFICIAL'
follow_one() { # FILE: alice's, from the kernel to the stream
    local began=$SECONDS
    eicar | inside_as alice sh -c "cat >$1"
    run inside_as alice cat "$1"
    expect_status 1
    expect_error 'Operation not permitted'
    grep -qaF -e "-> $1: $infected FOUND" "$machine/var/log/hostav/found.log" || fail "$1 is not in the log"
    eventually stream_has "$1" || fail "$1 is not in the log stream"
    echo "in the log stream after $((SECONDS - began)) seconds, the program's start included"
}
follow_one /home/alice/first
# A volume that comes later is watched as well.
inside mkdir /home/alice/volume
inside mount -t tmpfs -o mode=1777 tmpfs /home/alice/volume
follow_one /home/alice/volume/one
inside umount /home/alice/volume || fail "the watch keeps a volume busy"
pushed_some() { [[ $(pushed clamav/found VIRUSFOUND) != 0* ]]; }
eventually pushed_some || fail "nothing is counted"
grep -q '"ClamAV VIRUS FOUND"' "$aws_dir/alarms.json" || fail "no alarm"
grep -q 'hostav OLD SIGNATURES' "$aws_dir/alarms.json" || fail "no alarm of old signatures"
run inside systemctl start hostav-metric-push-health.service
expect_status 0
grep -q '"SignatureAge"' "$aws_dir/metrics.jsonl" || fail "no health of the machine"
run inside systemctl start hostav-fullscan.service
expect_status 0
grep -q '"infected": *[1-9]' "$machine/var/lib/hostav/fullscan.json" || fail "the full scan found nothing"

# ---- new signatures while the watch is on

echo 'the new one' | inside_as alice sh -c 'cat >/home/alice/new'
run inside_as alice cat /home/alice/new
expect_status 0
printf 'New-One:0:0:%s\n' "$(printf 'the new one' | od -An -v -tx1 | tr -d ' \n')" >>"$signatures/extra.ndb"
run inside sigupdate
expect_status 0
new_is_denied() { ! inside_as alice cat /home/alice/new >/dev/null 2>&1; }
eventually new_is_denied || fail "the new signature does not count"

# ---- everything is back after a reboot

reboot
for unit in onaccess-watch.service logship.service sigupdate.timer fullscan.timer metric-push-health.timer; do
    unit_is active "hostav-$unit" || fail "hostav-$unit is not back"
done
inside onaccess-watch --ping=60:1 >/dev/null || fail "no engine after the reboot"
new_is_denied || fail "the new signature is forgotten"
follow_one /home/alice/second
run inside hostav-selftest --strict
expect_status 0

# ---- an upgrade while files are read: nobody waits for ever, nothing clean is denied

cat >"$machine/root/load" <<'LOAD'
for i in $(seq 40); do echo "clean $i" >/home/alice/clean.$i; done
until [ -e /tmp/enough ]; do
    for i in $(seq 40); do
        timeout 30 cat /home/alice/clean.$i >/dev/null || echo "clean.$i: status $?"
    done
    echo round
done
LOAD
chmod 755 "$machine/root" "$machine/root/load"
INSIDE_SECONDS=300 inside runuser -u alice -- sh /root/load >"$scratch/load" 2>&1 &
load=$!
eventually grep -q round "$scratch/load" || fail "no load"
run inside apt-get -y -o Dpkg::Use-Pty=0 install /root/next.deb
expect_status 0
[[ $(inside dpkg-query -W -f '${Version}' hostav) = 0.1.1-1 ]] || fail "not upgraded"
inside onaccess-watch --ping=60:1 >/dev/null || fail "no engine after the upgrade"
rounds=$(grep -c round "$scratch/load")
more_rounds() { [[ $(grep -c round "$scratch/load") -gt $((rounds + 1)) ]]; }
eventually more_rounds || fail "readers stand still after the upgrade"
inside touch /tmp/enough
wait "$load"
! grep -v round "$scratch/load" || fail "clean files were denied"
follow_one /home/alice/third
run inside hostav-selftest --strict
expect_status 0
[[ -z $(find "$machine/home" -name '.hostav-selftest*') ]] || fail "the self-test leaves something"
[[ -z $(failed_units) ]] || fail "units have failed"
expect_no_violations

# ---- and gone

run inside apt-get -y -o Dpkg::Use-Pty=0 purge hostav
expect_status 0
left_units() { inside systemctl list-units --all --plain --no-legend 'hostav-*'; }
[[ -z $(left_units) ]] || fail "units are left: $(left_units)"
[[ -z $(inside pgrep -f 'onaccess-watch|logship' || true) ]] || fail "processes are left"
inside cat /home/alice/first >/dev/null || fail "it is blocked still"
files >"$scratch/files-after"
diff "$scratch/files-before" "$scratch/files-after" >"$scratch/diff" || { cat "$scratch/diff"; fail "files are left"; }
[[ $(accounts) = "$accounts_before" ]] || fail "accounts: $(accounts), not $accounts_before"
reboot
[[ -z $(failed_units) ]] || fail "something of it is missed at boot"
