#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Time limit: 5400 seconds
#
# README's two commands on a Debian that has git, make and ca-certificates, with nobody there to answer
# a question: as root; as a user who may use sudo; as users who may not, who are told what to do.
# `make check` takes long, so its three steps are done one by one, with a few tests of each kind;
# FIRST_MINUTES_CHECK=all does all of it. Part of `make soak`; tests what is committed.
if [[ $EUID -eq 0 && -z ${IN_A_NAMESPACE-} ]]; then
    IN_A_NAMESPACE=1 exec unshare --mount --pid --fork --kill-child --propagation private "$0"
fi
. "$(dirname "$0")/../support/lib.sh"
. "$support/debian-root.sh"
. "$support/machine-copy.sh"
! stands_in || skip "nothing to install"
need git unshare runuser
[[ -e $repo/.git ]] || skip "this is no clone"
root=
leave() {
    local code=$1
    set +e
    [[ -z $root ]] || unmount_root "$root"
    (exit "$code")
    clean_up
}
trap 'leave $?' EXIT

bare_root() { # NAME
    [[ -z $root ]] || { unmount_root "$root" && rm "$root.ext4"; }
    root=$scratch/$1
    debian_root "$root" git,make,ca-certificates
    mount_kernel
    mkdir "$root/srv/files"
    echo clean >"$root/srv/files/clean.txt"
    eicar >"$root/srv/files/eicar.com"
}
clone_for() { # USER
    local home
    home=$(in_root getent passwd "$1" | cut -d: -f6)
    git clone -q "$repo" "$root$home/hostav"
    in_root chown -R "$1": "$home/hostav"
}
# In USER's clone with the environment of a login, without a terminal.
as() { # USER COMMAND
    run timeout -k 10 4800 setsid --wait nice -n 10 chroot "$root" runuser -l "$1" -c "cd hostav && $2"
}
finds_it() {
    expect_status 0
    expect_line "/srv/files/eicar.com: Eicar-Signature FOUND"
    expect_line "Infected files: 1"
    expect_match '^quickstart: exit status 1: infected files were found'
}
# Nothing was asked, nothing runs or is left that was not there.
leaves_nothing() {
    ! grep -E 'debconf: (unable|falling back)|conffile|\[Y/n\]|password' "$out" "$err" || fail "something was to be answered"
    [[ ! -e $root/usr/sbin/policy-rc.d ]] || fail "policy-rc.d is left"
    ! in_root sh -c 'cat /proc/[0-9]*/comm' | grep -E 'clam|fresh' || fail "a service runs"
}

# ---- root

bare_root first
clone_for root
as root 'make quickstart TARGET=/srv/files'
finds_it
expect_match '^install-deps: installing: .*g\+\+'
leaves_nothing
as root 'make quickstart TARGET=/srv/files && git status --porcelain --ignored'
finds_it
expect_line "install-deps: nothing to install"
[[ $(tail -n 1 "$out") = '!! build/' ]] || fail "more than build/ is new"
as root 'make quickstart TARGET=/srv/none'
expect_status 2
expect_error '^quickstart: TARGET=/srv/none: no such file or directory$'

# ---- without sudo, or with a sudo that asks for a password: told what to do, nothing waits

bare_root second
told() { # USER
    as "$1" 'make quickstart TARGET=/srv/files'
    expect_status 2
    [[ $(grep -c '^install-deps: ' "$err") -eq 1 && $(grep -cv '^make: ' "$err") -eq 1 ]] || fail "not one line"
    expect_error "^install-deps: not root, and $2.*; as root: apt-get install .*g\+\+ .*libclamav-dev "
    as "$1" scripts/install-deps
    expect_status 1
}
for user in alice bob; do
    in_root useradd -m -s /bin/bash "$user"
    clone_for "$user"
done
told bob 'no sudo here'
install_in "$root" sudo
echo 'bob:secret' | in_root chpasswd
echo 'bob ALL=(ALL) ALL' >"$root/etc/sudoers.d/bob"
echo 'alice ALL=(ALL) NOPASSWD: ALL' >"$root/etc/sudoers.d/alice"
told bob 'sudo does not let you without a password'

# ---- with sudo

as alice 'make quickstart TARGET=/srv/files'
finds_it
leaves_nothing

if [[ ${FIRST_MINUTES_CHECK-} = all ]]; then
    as alice 'make check'
    expect_status 0
    expect_match '^[1-9][0-9]* passed, 0 failed, '
    exit
fi
as alice 'scripts/install-deps'
expect_status 0
expect_line "install-deps: the service clamav-daemon is installed but not started"
! grep 'could not be installed' "$err" || fail "packages that Debian has not"
leaves_nothing
as alice 'make -j2 all tests'
expect_status 0
tests='regular containers json logship-stdin sigupdate-lock watch-config metric-push-filter'
as alice "scripts/run-tests $tests"
expect_status 0
for test in unit cli/{containers,json,logship-stdin,sigupdate-lock,watch-config,metric-push-filter}; do
    expect_match "^ok   (tests/)?$test(\.sh)? "
done
expect_match '^[1-9][0-9]* passed, 0 failed, 0 skipped$'
as bob 'scripts/install-deps'
expect_status 0
