# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What the tests of systemd units source, after lib.sh: units as they are installed, in $units.

# shellcheck disable=SC2154 # lib.sh's
need make /usr/bin/python3
root=$scratch/root
run make -s -C "$repo" install BUILD="$BUILD" DESTDIR="" PREFIX="$root"
expect_status 0
units=$root/lib/systemd/system

# systemd finds nothing wrong with it and, with EXPOSURE (tenths), little for whoever takes it over.
expect_sound_unit() { # UNIT [EXPOSURE]
    command -v systemd-analyze >/dev/null || return 0
    run systemd-analyze verify --man=no "$units/$1"
    expect_status 0
    [[ ! -s $err && ! -s $out ]] || fail "systemd-analyze complains of $1"
    # --offline: since systemd 250.
    [[ -n ${2:-} ]] && systemd-analyze --help | grep -q -e --offline || return 0
    run systemd-analyze security --offline=yes --threshold="$2" --no-pager "$units/$1"
    expect_status 0
}
# Runs a service as systemd does; see the program.
notified() { run timeout 200 "$support/notified" "$@"; }
