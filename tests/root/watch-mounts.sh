#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# File systems mounted later, overlays, tmpfs and paths that appear later are watched, too.
set -eu
. "$(dirname "$0")/../support/lib.sh"
. "$support/watch.sh"
need_watch
m=$scratch/m
home=$m/home
make_eicar "$home/eicar"
mkdir "$home/below" "$home/mem" "$home/merged" "$m/upper" "$m/work" "$home/lower"
make_eicar "$home/lower/eicar"
configure <<CONF
OnAccessIncludePath $m/later/tree
OnAccessIncludePath $scratch/link
CONF
mkdir "$m/elsewhere"
make_eicar "$m/elsewhere/eicar"
start_watch
logged "OnAccessIncludePath $m/later/tree: does not exist (yet)"

# 100 ms after the mount it is watched.
image=$scratch/second
truncate -s 50M "$image"
mkfs.ext4 -q "$image"
mount -o loop "$image" "$home/below"
mounted+=("$home/below")
make_eicar "$home/below/eicar"
sleep 0.1
denied "$home/below/eicar"
mount -t tmpfs tmpfs "$home/mem"
mounted+=("$home/mem")
make_eicar "$home/mem/eicar"
sleep 0.1
denied "$home/mem/eicar"

# An overlay over what is watched itself: two groups, or this would hang for ever.
if mount -t overlay overlay -o "lowerdir=$home/lower,upperdir=$m/upper,workdir=$m/work" "$home/merged"; then
    mounted+=("$home/merged")
    echo clean >"$home/merged/clean"
    eventually sh -c '! timeout 20 cat "$1" 2>/dev/null >/dev/null' - "$home/merged/eicar" ||
        fail "readable on an overlay"
    denied "$home/merged/eicar"
    make_eicar "$home/merged/new"
    denied "$home/merged/new"
    readable "$home/merged/clean"
    readable "$home/merged/clean"
    [[ $(gates | wc -l) -eq 2 ]] || fail "overlay and its layers share a gate"
    umount "$home/merged"
fi

# Paths that appear, as a directory and as a link: the first is covered from the beginning.
mkdir -p "$m/later/tree"
make_eicar "$m/later/tree/eicar"
denied "$m/later/tree/eicar"
ln -s "$m/elsewhere" "$scratch/link"
eventually sh -c '! cat "$1" 2>/dev/null >/dev/null' - "$m/elsewhere/eicar" || fail "the link is not followed"
logged "OnAccessIncludePath $m/later/tree: is there now"
# An unmounted file system does not stay busy.
umount "$home/below" || fail "the watch keeps a file system busy"
"$watch" -c "$conf" --status | grep -q "^Watched: $m (ext4)" || fail "no such file system in --status"
