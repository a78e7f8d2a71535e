# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# For tests that need a Debian of their own: a minimal root file system in an image file, of the
# release and from the mirrors that this machine has itself; sourced after lib.sh. What is made is
# kept for the next time, whole or not at all; a test gets a copy. A test goes on in a mount namespace
# of its own first (unshare -m), so that nothing stays mounted, however it ends.

# shellcheck disable=SC2154 # variables from lib.sh
cache=${XDG_CACHE_HOME:-/var/cache}/hostav-tests

# debian_root DIRECTORY INCLUDES [PACKAGE...]: mounts on DIRECTORY, which it makes, a root file system
# from debootstrap --include=INCLUDES, in which apt-get has installed the PACKAGEs.
debian_root() {
    need_root
    need debootstrap mkfs.ext4
    [[ $(sed -n 's/^ID=//p' /etc/os-release) = debian ]] || skip "this machine is no Debian to take the like of"
    local base release directory=$1
    shift
    release=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
    base=$cache/$release-$(dpkg --print-architecture)-$(echo "$*" | cksum | cut -d' ' -f1).ext4
    [[ -e $base ]] || make_base "$@"
    cp --sparse=always "$base" "$directory.ext4"
    mkdir "$directory"
    mount_image "$directory.ext4" "$directory"
}
# Without barriers: what is thrown away needs no power failure's proof, and dpkg asks for it often.
mount_image() { # IMAGE DIRECTORY
    mount -o loop,barrier=0 "$1" "$2" || skip "no loop device to be had"
}

make_base() { # INCLUDES [PACKAGE...]
    local mirror image=$scratch/base.ext4 root=$scratch/base includes=$1
    shift
    mirror=$(apt-get indextargets --format '$(REPO_URI) $(CODENAME) $(ORIGIN) $(COMPONENT)' 'Created-By: Packages' |
        awk -v release="$release" '$2 == release && $3 == "Debian" && $4 == "main" { print $1; exit }')
    [[ -n $mirror ]] || skip "this machine has no mirror of Debian $release"
    mkdir -p "$cache" 2>/dev/null || skip "$cache cannot be made"
    truncate -s 8G "$image" # of which only what is written takes space
    mkfs.ext4 -q -m 0 "$image"
    mkdir "$root"
    mount_image "$image" "$root"
    timeout 600 debootstrap --variant=minbase --include="$includes" \
        "$release" "$root" "$mirror" >"$scratch/debootstrap" 2>&1 || skip "debootstrap: $(tail -n 1 "$scratch/debootstrap")"
    # Security updates and the like, and nothing that is not Debian's own.
    apt-get indextargets --format '$(ORIGIN) $(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
        awk '$1 == "Debian" { print "deb", $2, $3, $4 }' | sort -u >"$root/etc/apt/sources.list"
    cp --remove-destination /etc/resolv.conf "$root/etc/resolv.conf"
    [[ $# -eq 0 ]] || install_in "$root" "$@"
    rm -f "$root"/var/cache/apt/archives/*.deb
    umount "$root"
    cp --sparse=always "$image" "$base.$$"
    mv "$base.$$" "$base"
    rm "$image"
}

# What a test's Debian has besides; no daemon is started.
install_in() { # ROOT PACKAGE...
    local root=$1
    shift
    printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
    chmod 755 "$root/usr/sbin/policy-rc.d"
    timeout 600 chroot "$root" sh -c 'apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq -y \
        --no-install-recommends install "$@"' sh "$@" >"$scratch/apt" 2>&1 </dev/null ||
        skip "apt-get: $(grep -m 1 -E '^(E:|dpkg: error)' "$scratch/apt")"
    rm -f "$root/usr/sbin/policy-rc.d"
}

# Before clean_up, which must find nothing mounted below the scratch directory.
unmount_root() { # DIRECTORY
    umount -R "$1" 2>/dev/null || umount -R -l "$1" 2>/dev/null || true
    umount -l "$scratch/base" 2>/dev/null || true
}
