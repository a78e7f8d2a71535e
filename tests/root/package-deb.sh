#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The Debian package is installed, upgraded, removed and purged, beside ClamAV's own packages and
# without them, by dpkg itself: in a copy of this machine's root file system (an overlay in a mount
# namespace of our own, so that nothing of the machine changes). After the purge nothing is left.
set -eu
. "$(dirname "$0")/../support/lib.sh"
! stands_in || skip "nothing to package"
need_root
need dpkg unshare systemd-sysusers systemd-tmpfiles
dpkg-query -W -f '${db:Status-Status}' libclamav12 2>/dev/null | grep -qx installed ||
    skip "libclamav12 is not installed as a Debian package"

cd "$repo"
scripts/packaging/deb "$BUILD" 1.2.3 "$scratch" >/dev/null
cd "$scratch"
# The next version, of which nothing but the control file and a comment of a conffile is new.
dpkg-deb -R hostav_1.2.3-1_*.deb next
sed -i 's/^Version: .*/Version: 1.2.4-1/' next/DEBIAN/control
echo '# new' >>next/etc/logrotate.d/hostav
dpkg-deb --root-owner-group -Znone -b next "hostav_1.2.4-1_$(dpkg --print-architecture).deb" >/dev/null

cat >inside <<'INSIDE'
# Runs in the mount namespace: inside SCRATCH SUPPORT
set -eu
scratch=$1
export DEBIAN_FRONTEND=noninteractive LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
. "$2/machine-copy.sh"
mount_copy "$scratch/layers"
mount_kernel
mkdir "$root/packages" && cp "$scratch"/*.deb "$root/packages"
first=$(cd "$root" && echo packages/hostav_1.2.3-1_*.deb)
second=$(cd "$root" && echo packages/hostav_1.2.4-1_*.deb)

# What differs from the machine, but for the records of dpkg, systemd and passwd themselves.
left() {
    find "$upper" -mindepth 1 ! -type d ! -type c -printf '/%P\n' | grep -Ev \
        '^/(packages|dev|run|proc)/|^/var/(lib/dpkg|log/(dpkg|alternatives)|cache|lib/systemd/deb)|^/etc/.pwd.lock$|^/etc/(passwd|shadow|group|gshadow|subuid|subgid)(-|$)' |
        sort
}
accounts() { cut -d: -f1 "$root/etc/passwd" "$root/etc/group" | sort | tr '\n' ' '; }

cycle() {
    local before_files before_accounts
    before_files=$(left)
    before_accounts=$(accounts)
    in_root dpkg -i "/$first"
    [ "$(in_root dpkg-query -W -f '${db:Status-Status}' hostav)" = installed ] || bad "not installed"
    [ -z "$(in_root dpkg --verify hostav)" ] || bad "dpkg --verify: $(in_root dpkg --verify hostav)"
    in_root getent passwd hostav hostav-door clamav >/dev/null || bad "accounts"
    [ "$(stat -c '%U %a' "$root/var/lib/hostav/quarantine" "$root/var/log/hostav" | tr '\n' ' ')" = 'root 700 root 750 ' ] ||
        bad "directories"
    for file in onaccess-watch fullscan awslogs; do
        [ -s "$root/etc/hostav/$file.conf" ] || bad "no $file.conf"
    done
    in_root onaccess-watch --check-config | grep -qx 'LogFile = "/var/log/hostav/found.log"' ||
        bad "onaccess-watch does not read our configuration"
    printf '%s%s' 'X5O!P%@AP[4\PZX54(P^)7CC)7}$' 'EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*' >"$root/packages/bad"
    code=0
    in_root scan --no-summary --engine=local /packages/bad || code=$?
    [ "$code" -eq 1 ] || bad "scan ended with $code"

    # What an administrator has changed stays, in conffiles and in what was made.
    echo '# mine' >>"$root/etc/cron.daily/hostav-fullscan"
    echo '# mine' >>"$root/etc/hostav/fullscan.conf"
    in_root dpkg -i "/$second"
    [ "$(in_root dpkg-query -W -f '${Version}' hostav)" = 1.2.4-1 ] || bad "not upgraded"
    grep -qx '# new' "$root/etc/logrotate.d/hostav" || bad "an unchanged conffile stayed old"
    in_root dpkg -r hostav
    [ ! -e "$root/usr/bin/scan" ] || bad "not removed"
    [ "$(grep -lx '# mine' "$root"/etc/{cron.daily/hostav-fullscan,hostav/fullscan.conf} | wc -l)" -eq 2 ] ||
        bad "changed configuration was lost"
    in_root /etc/cron.daily/hostav-fullscan || bad "cron's job fails after the removal"

    # As after a life of it.
    mkdir -p "$root/var/lib/private/logship" "$root/etc/systemd/system/multi-user.target.wants"
    ln -sfn private/logship "$root/var/lib/logship"
    ln -sfn /usr/lib/systemd/system/hostav-logship.service "$root/etc/systemd/system/multi-user.target.wants/"
    mkdir -p "$root/var/lib/clamav/.hostav/sets"
    touch "$root/var/lib/clamav/hostav-allow.sfp" "$root/var/log/hostav/found.log.1"
    in_root dpkg -P hostav
    [ "$(left)" = "$before_files" ] || bad "left after the purge: $(left | comm -3 - <(echo "$before_files"))"
    [ "$(accounts)" = "$1" ] || bad "accounts: $(accounts) not $1"
    for directory in /etc/hostav /var/lib/hostav /var/log/hostav /var/lib/private/logship \
        /var/lib/clamav/.hostav /usr/libexec/hostav /usr/share/hostav; do
        [ ! -e "$root$directory" ] || bad "$directory is left"
    done
    ! in_root dpkg-query -W hostav >/dev/null 2>&1 || bad "dpkg still knows it"
}

in_root dpkg -P hostav >/dev/null 2>&1 || true
if in_root dpkg-query -W -f '${db:Status-Status}' clamav-base 2>/dev/null | grep -qx installed; then
    cycle "$(accounts)"
    [ -d "$root/var/lib/clamav" ] || bad "the signatures' directory is ClamAV's"
    others=$(in_root dpkg-query -W -f '${Package}\n' 'clamav*' clamdscan 2>/dev/null)
    # shellcheck disable=SC2086 # names
    in_root dpkg -P --force-depends $others >/dev/null
fi
in_root userdel clamav 2>/dev/null || true
rm -rf "$root/var/lib/clamav" "$root"/etc/freshclam.conf "$root"/etc/clamav "$root"/etc/clamd*
cycle "$(accounts)"
[ ! -e "$root/var/lib/clamav" ] || bad "/var/lib/clamav is left"
INSIDE
mkdir layers
run unshare -m --propagation private bash inside "$scratch" "$support"
[[ $status -ne 77 ]] || skip "$(tail -n 1 "$out")"
expect_status 0
