#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The rpm package is built by rpmbuild from the source tarball (with the programs that are built
# already), holds what `make install` puts, asks for the libraries, and keeps changed configuration.
set -eu
. "$(dirname "$0")/../support/lib.sh"
! stands_in || skip "nothing to package"
need rpmbuild rpm git gzip make
git -C "$repo" rev-parse -q --verify HEAD >/dev/null 2>&1 || skip "no git repository here"
cd "$repo"
export HOME=$scratch # nobody's ~/.rpmmacros
scripts/packaging/dist "$scratch" 1.2.3 >/dev/null 2>&1
run scripts/packaging/rpm "$scratch" 1.2.3 --nodeps --define "prebuilt $BUILD"
expect_status 0
rpm=$(tail -n 1 "$out")
[[ -s $rpm ]] || fail "no package"

run rpm -qp --configfiles "$rpm"
expect_line /etc/cron.daily/hostav-fullscan
expect_line /etc/logrotate.d/hostav
run rpm -qp --requires "$rpm"
expect_match '^libclamav\.so\.'
run rpm -qp --scripts "$rpm"
expect_match '/usr/libexec/hostav/activate'

make -s install BUILD="$BUILD" DESTDIR="$scratch/root" PREFIX=/usr >/dev/null
(cd "$scratch/root" && find . -type f ! -path './usr/share/doc/*' | sed 's|^\.||;s|\(/man/.*\)|\1.gz|' | sort) >"$scratch/installed"
rpm -qlp "$rpm" | sort >"$scratch/packed"
comm -23 "$scratch/installed" "$scratch/packed" >"$out"
[[ ! -s $out ]] || fail "not in the package"
