#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The timers' units do their work in their cages, on a machine that systemd has booted, with the
# package installed. The full scan finds, logs and reports; the update proves and installs, and is
# left out until it is time for the next one.
if [[ $EUID -eq 0 && -z ${IN_A_NAMESPACE-} ]]; then
    IN_A_NAMESPACE=1 exec unshare -m --propagation private "$0"
fi
. "$(dirname "$0")/../support/lib.sh"
! stands_in || skip "nothing to package"
need dpkg-deb strip
. "$support/machine.sh"
need_machine
(cd "$repo" && scripts/packaging/deb "$BUILD" 1.2.3 "$scratch" >/dev/null)
boot
mkdir "$machine/srv/test"
cp "$scratch"/*.deb "$machine/srv/test"
inside sh -c 'dpkg -i /srv/test/*.deb' >/dev/null
make_eicar "$machine/srv/test/bad"
cp "$db/test.ndb" "$machine/srv/test/own.ndb"
sed -i 's|^PATHS=.*|PATHS=/srv/test|' "$machine/etc/hostav/fullscan.conf"
echo 'SIGUPDATE_OPTIONS=--update-db=custom' >"$machine/etc/default/hostav-sigupdate"
printf 'PrivateMirror http://localhost:1\nDatabaseOwner clamav\nChecks 1\nDatabaseCustomURL file:///srv/test/own.ndb\n' \
    >"$machine/etc/hostav/sigupdate.conf"
# Where other tests run beside this one, what waits for idle processors would wait for long.
mkdir -p "$machine/etc/systemd/system/hostav-fullscan.service.d"
printf '[Service]\nNice=0\nCPUWeight=100\nCPUSchedulingPolicy=other\n' \
    >"$machine/etc/systemd/system/hostav-fullscan.service.d/test.conf"
sed -i 's/ --nice / /' "$machine/usr/libexec/hostav/fullscan"
inside systemctl daemon-reload

state() { inside systemctl show --value -p "$2" "$1"; }
said() { inside journalctl -q --no-pager -o cat -u "$1"; }
live=$machine/var/lib/clamav/own.ndb
starts() { # UNIT
    inside systemctl start "hostav-$1.service" || fail "$1: $(said "hostav-$1")"
}

starts fullscan
[[ $(state hostav-fullscan.service Result) = success ]] || fail "a finding fails fullscan"
grep -q '^/srv/test/bad: .* FOUND$' "$machine/var/log/hostav/found.log" || fail "no finding: $(said hostav-fullscan)"
grep -q '"infected": *1' "$machine/var/lib/hostav/fullscan.json" || fail "no report"

starts sigupdate
cmp "$machine/srv/test/own.ndb" "$live" || fail "not installed: $(said hostav-sigupdate)"
[[ $(inside stat -c %U /var/lib/clamav/own.ndb) = clamav ]] || fail "not the owner's"
echo 'Other-Signature:0:0:6162636465666768696a6b6c6d6e6f70' >>"$machine/srv/test/own.ndb"
starts sigupdate # what is left out does not fail
! cmp -s "$machine/srv/test/own.ndb" "$live" || fail "Checks 1 does not hold"
date -d '25 hours ago' +%s >"$machine/var/lib/clamav/.hostav/checked"
starts sigupdate
cmp "$machine/srv/test/own.ndb" "$live" || fail "not done a day later: $(said hostav-sigupdate)"
