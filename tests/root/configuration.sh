#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What an installation makes in /etc/hostav: working files on a bare machine, none that would come
# before those that a user of ClamAV and awslogs has, and none that changes what is there.
set -eu
. "$(dirname "$0")/../support/lib.sh"
! stands_in || skip "nothing to install"
need_root # it gives directories to accounts
need make systemd-sysusers systemd-tmpfiles
root=$scratch/root
install() { # into a new, empty machine
    rm -rf "$root"
    make -s -C "$repo" install BUILD="$BUILD" DESTDIR="$root" PREFIX=/usr >/dev/null
}
activate() {
    # With the places of this file system, not of the machine's.
    run "$root/usr/libexec/hostav/activate" --root "$root"
    expect_status 0
}
made() { (cd "$root/etc/hostav" && echo *); }

# A bare machine. The programs take what is made.
install
activate
[[ $(made) = 'awslogs.conf fullscan.conf onaccess-watch.conf sigupdate.conf' ]] || fail "made: $(made)"
for account in hostav hostav-door clamav; do
    grep -q "^$account:" "$root/etc/passwd" || fail "no account $account"
done
[[ $(stat -c %a "$root/var/lib/hostav/quarantine") = 700 ]] || fail "the quarantine is open"
run "$root/usr/bin/onaccess-watch" --check-config -c "$root/etc/hostav/onaccess-watch.conf"
expect_status 0
for line in 'OnAccessIncludePath = "/home"' 'OnAccessPrevention = "yes"' 'LogFile = "/var/log/hostav/found.log"'; do
    expect_line "$line"
done
expect_no_match '^OnAccessExclude[A-Za-z]* = '
run "$root/usr/bin/sigupdate" --check-config --config-file="$root/etc/hostav/sigupdate.conf"
expect_status 0
expect_line 'NotifyClamd = "/etc/hostav/onaccess-watch.conf"'
run "$root/usr/bin/logship" --check-config -c "$root/etc/hostav/awslogs.conf"
expect_status 0
expect_line 'file = /var/log/hostav/found.log'
run sh -euc ". $root/etc/hostav/fullscan.conf && echo \$PATHS \$REPORT"
expect_line '/ /var/lib/hostav/fullscan.json'
if command -v logrotate >/dev/null; then
    run logrotate -d "$root/etc/logrotate.d/hostav"
    expect_status 0
    ! grep -i 'error' "$err" || fail "logrotate complains"
fi

# Again: what was changed stays.
echo '# mine' >>"$root/etc/hostav/onaccess-watch.conf"
activate
grep -qx '# mine' "$root/etc/hostav/onaccess-watch.conf" || fail "a file was changed"

# The guide's machine keeps its files in use.
install
mkdir -p "$root"/etc/{clamd.d,awslogs}
printf 'LogFile /var/log/clamd.scan\nOnAccessIncludePath /home\n' >"$root/etc/clamd.d/scan.conf"
echo 'Checks 1' >"$root/etc/freshclam.conf"
cp "$support/awslogs.conf" "$root/etc/awslogs/awslogs.conf"
activate
[[ $(made) = fullscan.conf ]] || fail "made: $(made)"

# Without the agent: what ships the findings looks where clamd's file puts them.
rm -r "$root/etc/awslogs"
activate
[[ $(made) = 'awslogs.conf fullscan.conf' ]] || fail "made: $(made)"
grep -qx 'file = /var/log/clamd.scan' "$root/etc/hostav/awslogs.conf" || fail "findings are not shipped"

# ClamAV's packages alone, as Debian and as Fedora have them: no on-access protection is configured.
install
mkdir -p "$root/etc/clamd.d" "$root/var/lib/clamav"
printf '#OnAccessIncludePath /home\nLogSyslog yes\n' >"$root/etc/clamd.d/scan.conf"
echo 'clamupdate:x:4711:4711::/:/sbin/nologin' >"$root/etc/passwd"
chown 4711 "$root/var/lib/clamav"
activate
[[ $(made) = 'awslogs.conf fullscan.conf onaccess-watch.conf sigupdate.conf' ]] || fail "made: $(made)"
grep -qx 'DatabaseOwner clamupdate' "$root/etc/hostav/sigupdate.conf" || fail "not the owner of the signatures"
[[ $(stat -c %u "$root/var/lib/clamav") = 4711 ]] || fail "the signatures were given to somebody else"
