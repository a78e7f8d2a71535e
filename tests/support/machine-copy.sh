# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A copy of this machine's root file system that a test may change as it likes: an overlay. For
# scripts that run by themselves in a mount namespace of their own (unshare -m --propagation
# private), which takes everything away when it ends.
#
# mount_copy DIR: mounts below DIR, an empty directory; sets $root, the copy, and $upper, which holds
# what differs from the machine.
mount_copy() {
    # The overlay's own layers must not be in what they lie over.
    mount -t tmpfs -o mode=755 tmpfs "$1"
    mkdir "$1"/{upper,work,root}
    upper=$1/upper
    root=$1/root
    mount -t overlay -o "lowerdir=/,upperdir=$upper,workdir=$1/work" overlay "$root" || {
        echo "no overlay can be mounted here"
        exit 77
    }
    # The manual's index is of no interest here, and slow.
    rm -f "$root/var/lib/man-db/auto-update"
}
# The places of the kernel's, for chroot.
mount_kernel() {
    mount -t proc proc "$root/proc"
    mount -t tmpfs tmpfs "$root/run"
    local device
    for device in null zero urandom; do
        touch "$root/dev/$device"
        mount --bind "/dev/$device" "$root/dev/$device"
    done
}
unmount_kernel() {
    umount "$root/proc" "$root/run" "$root"/dev/{null,zero,urandom}
}
in_root() { chroot "$root" "$@"; }
bad() {
    echo "FAILED: $*"
    exit 1
}
