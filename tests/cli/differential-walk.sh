#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Where the walk goes is where clamscan goes: symbolic links, filters, depth, other file systems.
set -eu
. "$(dirname "$0")/../support/differential.sh"

mkdir -p t/a/b/c/d t/skip/in t/.hidden outside/sub
make_eicar t/eicar t/a/b/eicar t/a/b/c/d/eicar t/skip/in/eicar outside/eicar outside/sub/eicar
for place in t t/a t/a/b t/a/b/c t/skip t/.hidden outside; do echo "clean $place" >"$place/clean.txt"; done
: >t/empty
mkfifo t/fifo
ln -s ../outside t/to-dir
ln -s ../outside/eicar t/to-file
ln -s nowhere t/dangling
ln -s to-file t/to-link
ln -s t link-to-tree
ln -s t/eicar link-to-file
ln -s nowhere link-to-nothing

for dirs in 0 1 2; do
    for files in 0 1 2; do
        follow="--follow-dir-symlinks=$dirs --follow-file-symlinks=$files"
        # shellcheck disable=SC2086
        for paths in t link-to-tree "link-to-file link-to-nothing t/to-dir" link-to-nothing; do
            same $follow -r --max-dir-recursion=3 $paths
            same $follow -i $paths
        done
    done
done

for depth in 0 1 2 3 4; do same -r --max-dir-recursion=$depth t; done

# Regular expressions: unanchored, files by their absolute path, directories by the path given.
for expression in eicar 'clean\.txt$' '/a/' '^t/' "^$PWD/t/a" '(skip|b)/' '[0-9]' 'e{2}|x' '.' '\.hidden'; do
    same -r --exclude="$expression" t
    same -r --include="$expression" t
    same -ri --exclude="$expression" t/eicar link-to-file
done
for expression in skip 't/a' '^t/a$' '^t/skip' 'b$' '/c' 'hidden' 'nothing-such'; do
    same -r --exclude-dir="$expression" t
    same -r --include-dir="$expression" t
done
same -r --exclude-dir=skip --exclude-dir='/b$' t
same -r --include=eicar --exclude=skip t
same -r --exclude=eicar -o t

# --cross-fs=no, where there is another file system to be had.
other=/dev/shm
if [[ -w $other && $(stat -c %d "$other") != $(stat -c %d .) ]]; then
    apart=$(mktemp -d "$other/test.XXXXXX")
    trap 'rm -rf "$apart"; clean_up' EXIT
    make_eicar "$apart/eicar"
    ln -s "$apart" t/apart
    for cross in yes no; do
        same -r --cross-fs=$cross --follow-dir-symlinks=2 --max-dir-recursion=3 t
        same -r --cross-fs=$cross --follow-file-symlinks=2 --follow-dir-symlinks=0 t
        same -r --cross-fs=$cross "$apart"
    done
fi
