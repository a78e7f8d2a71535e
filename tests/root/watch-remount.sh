#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Mounts that change behind the watch's back: the same device mounted anew between two looks, a
# mount over a parent of the included path.
set -eu
. "$(dirname "$0")/../support/lib.sh"
. "$support/watch.sh"
need_watch
need losetup
m=$scratch/m
home=$m/home
mkdir -p "$home/below" "$scratch/up/inner/home"
make_eicar "$home/eicar"
configure <<CONF
OnAccessIncludePath $scratch/up/inner/home
CONF
image=$scratch/second
truncate -s 50M "$image"
mkfs.ext4 -q "$image"
loop=$(losetup -f --show "$image")
trap 'code=$?; set +e; umount -l "$scratch/up" "$scratch/up/inner/home" "$home/below" 2>/dev/null; losetup -d "$loop"; leave $code' EXIT
mount "$loop" "$home/below"
make_eicar "$home/below/eicar"
start_watch
denied "$home/below/eicar"

# Unmounted and mounted again, so fast that the mount table looks as before.
cat >"$scratch/again.py" <<'PY'
import ctypes, sys
libc = ctypes.CDLL(None, use_errno=True)
device, place = (a.encode() for a in sys.argv[1:])
if libc.umount2(place, 0) or libc.mount(device, place, b'ext4', 0, None):
    sys.exit(f'mount: errno {ctypes.get_errno()}')
PY
for i in {1..10}; do
    python3 "$scratch/again.py" "$loop" "$home/below" || fail "it cannot be mounted again"
    sleep 0.1
    denied "$home/below/eicar"
done
umount "$home/below"

# One file system on the included path, another one over a directory above it: the second is what
# the path leads to.
mount "$loop" "$scratch/up/inner/home"
sleep 0.1
denied "$scratch/up/inner/home/eicar"
make_image "$scratch/over" 50M
mkdir -p "$scratch/over/inner/home"
make_eicar "$scratch/over/inner/home/eicar"
mount --move "$scratch/over" "$scratch/up" 2>/dev/null || mount --bind "$scratch/over" "$scratch/up"
sleep 0.1
denied "$scratch/up/inner/home/eicar"
