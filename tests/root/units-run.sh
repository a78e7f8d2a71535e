#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The timers' units do their work in their cages, on a machine that systemd has booted: a copy of
# this one with the package installed. The full scan finds, logs and reports; the update proves and
# installs, and is left out until it is time for the next one.
set -eu
. "$(dirname "$0")/../support/lib.sh"
! stands_in || skip "nothing to package"
need_root
need dpkg unshare nsenter systemd-nspawn systemd-sysusers
dpkg-query -W -f '${db:Status-Status}' libclamav12 2>/dev/null | grep -qx installed ||
    skip "libclamav12 is not installed as a Debian package"
cd "$repo"
scripts/packaging/deb "$BUILD" 1.2.3 "$scratch" >/dev/null
cd "$scratch"

cat >inside <<'INSIDE'
# Runs in the mount namespace: inside SCRATCH SUPPORT
set -eu
scratch=$1
. "$2/machine-copy.sh"
export DEBIAN_FRONTEND=noninteractive LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
mount_copy "$scratch/layers"
mount_kernel
mkdir "$root/srv/test"
cp "$scratch"/*.deb "$root/srv/test"
in_root sh -c 'dpkg -i /srv/test/*.deb' >/dev/null
unmount_kernel
cp "$scratch/w/bad" "$root/srv/test"
cp "$scratch/db/test.ndb" "$root/srv/test/own.ndb"
sed -i 's|^PATHS=.*|PATHS=/srv/test|' "$root/etc/hostav/fullscan.conf"
echo 'SIGUPDATE_OPTIONS=--update-db=custom' >"$root/etc/default/hostav-sigupdate"
printf 'PrivateMirror http://localhost:1\nDatabaseOwner clamav\nChecks 1\nDatabaseCustomURL file:///srv/test/own.ndb\n' \
    >"$root/etc/hostav/sigupdate.conf"
in_root rm -rf /var/lib/clamav /etc/systemd/system/basic.target.wants
in_root install -d -o clamav -g clamav /var/lib/clamav
: >"$root/etc/machine-id" # a name of its own
# Where other tests run beside this one, what waits for idle processors would wait for long.
mkdir -p "$root/etc/systemd/system/hostav-fullscan.service.d"
printf '[Service]\nNice=0\nCPUWeight=100\nCPUSchedulingPolicy=other\n' \
    >"$root/etc/systemd/system/hostav-fullscan.service.d/test.conf"
sed -i 's/ --nice / /' "$root/usr/libexec/hostav/fullscan"

SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1 systemd-nspawn -q --register=no --keep-unit -D "$root" --private-network \
    --capability=all --console=pipe /lib/systemd/systemd systemd.unit=basic.target \
    </dev/null >"$scratch/boot" 2>&1 &
machine=$!
trap turn_off EXIT
turn_off() { # the machine outlives what keeps it
    kill -KILL "$machine" $init 2>/dev/null || true
}
inside() { timeout 120 nsenter -t "$init" -m -u -i -n -p -C "$@"; }
init=
for ((i = 0; i < 120; i++)); do
    init=$(pgrep -P "$machine" -x systemd) && inside systemctl -q is-active basic.target 2>/dev/null && break
    kill -0 "$machine" 2>/dev/null || break
    sleep 0.5
done
inside systemctl -q is-active basic.target || { cat "$scratch/boot"; echo "no machine boots here"; exit 77; }
state() { inside systemctl show --value -p "$2" "$1"; }
said() { inside journalctl -q --no-pager -o cat -u "$1"; }

inside systemctl start hostav-fullscan.service || bad "fullscan: $(said hostav-fullscan)"
[ "$(state hostav-fullscan.service Result)" = success ] || bad "a finding fails fullscan"
grep -q '^/srv/test/bad: .* FOUND$' "$root/var/log/hostav/found.log" || bad "no finding: $(said hostav-fullscan)"
grep -q '"infected": *1' "$root/var/lib/hostav/fullscan.json" || bad "no report"

inside systemctl start hostav-sigupdate.service || bad "sigupdate: $(said hostav-sigupdate)"
cmp "$root/srv/test/own.ndb" "$root/var/lib/clamav/own.ndb" || bad "not installed: $(said hostav-sigupdate)"
[ "$(stat -c %U "$root/var/lib/clamav/own.ndb")" = clamav ] || bad "not the owner's"
echo 'Other-Signature:0:0:6162636465666768696a6b6c6d6e6f70' >>"$root/srv/test/own.ndb"
inside systemctl start hostav-sigupdate.service || bad "an update that is left out fails"
! cmp -s "$root/srv/test/own.ndb" "$root/var/lib/clamav/own.ndb" || bad "Checks 1 does not hold"
date -d '25 hours ago' +%s >"$root/var/lib/clamav/.hostav/checked"
inside systemctl start hostav-sigupdate.service || bad "sigupdate: $(said hostav-sigupdate)"
cmp "$root/srv/test/own.ndb" "$root/var/lib/clamav/own.ndb" || bad "not done a day later: $(said hostav-sigupdate)"
INSIDE
mkdir layers
make_eicar w/bad
run timeout 250 unshare -m --propagation private bash inside "$scratch" "$support"
[[ $status -ne 77 ]] || skip "$(tail -n 1 "$out")"
expect_status 0
