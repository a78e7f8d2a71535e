#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The Debian package: lintian has no errors, programs find their libraries' packages among its
# dependencies, configuration is conffiles, nobody but root may write to anything, and it is the same
# bytes each time. tests/root/package-deb.sh installs it.
set -eu
. "$(dirname "$0")/../support/lib.sh"
! stands_in || skip "nothing to package"
need dpkg-deb dpkg-shlibdeps strip
cd "$repo"
run scripts/packaging/deb "$BUILD" 1.2.3 "$scratch"
expect_status 0
deb=$(echo "$scratch"/hostav_1.2.3-1_*.deb)
lintian= # takes its time beside the rest
if command -v lintian >/dev/null; then
    lintian --allow-root --fail-on error --tag-display-limit 0 "$deb" >"$scratch/lintian" 2>&1 &
    lintian=$!
fi

run dpkg-deb -f "$deb" Depends
for package in libclamav libseccomp2 libcap-ng0 libcurl4 libc6 ca-certificates; do
    expect_match "(^|, )$package"
done
dpkg-deb -R "$deb" "$scratch/root"
run cat "$scratch/root/DEBIAN/conffiles"
expect_line /etc/cron.daily/hostav-fullscan
expect_line /etc/logrotate.d/hostav
(cd "$scratch/root" && find etc -type f -printf '/%p\n' | sort) | cmp - "$out" || fail "not all of /etc is conffiles"
(cd "$scratch/root" && md5sum --quiet -c DEBIAN/md5sums) || fail "the digests are others'"
for file in usr/bin/{scan,sigupdate,onaccess-watch,logship,metric-push} usr/sbin/hostav-migrate \
    usr/share/man/man7/hostav.7.gz usr/share/doc/hostav/{copyright,changelog.Debian.gz} \
    usr/lib/{sysusers.d,tmpfiles.d}/hostav.conf; do
    [[ -s $scratch/root/$file ]] || fail "no $file"
done
! grep -rlE '@[A-Z]+@' "$scratch/root" || fail "a place is not filled in"
run dpkg-deb -c "$deb"
expect_no_match '^.....w|^........w'
! awk '$2 != "root/root"' "$out" | grep . || fail "not root's"

mkdir "$scratch/again"
run scripts/packaging/deb "$BUILD" 1.2.3 "$scratch/again"
expect_status 0
cmp "$deb" "$scratch/again/${deb##*/}" || fail "it is not the same bytes"

[[ -n $lintian ]] || skip "lintian is not installed; the rest passed"
wait "$lintian" || fail "lintian: $(cat "$scratch/lintian")"
