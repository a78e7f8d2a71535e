# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# For tests that need a machine: a Debian of its own in an image file, booted with systemd-nspawn;
# sourced after lib.sh. A test goes on in a mount namespace of its own first: unshare -m.
#
# A watch in there puts blocking marks on the machine's file system. So that is never a directory of
# ours: it is an image on a loop device, and nothing of it is let in by a bind mount (boot looks).
# The image is mounted in a mount namespace of the test's own, and the machine dies with the test: of
# both nothing is left, however the test ends.

# shellcheck disable=SC2034,SC2154 # variables from and for the tests
. "$support/debian-root.sh"
machine=$scratch/machine # where its root file system is mounted
nspawn=                  # process id of what keeps it
guest=                   # process id of its systemd, seen from here

# What a hostav package depends on is in it already, and what a cloud's image has; of hostav nothing.
base_packages='curl cron logrotate procps passwd
    libarchive13 libcap-ng0 libcurl4 liblmdb0 liblzo2-2 libseccomp2 libclamav12'

need_machine() {
    need_root
    need systemd-nspawn nsenter setpriv
    # shellcheck disable=SC2086 # words
    debian_root "$machine" systemd,systemd-sysv,dbus,ca-certificates $base_packages
    chmod 755 "$scratch" "$scratch/w"
}

# --- on and off

# Its network is ours, as it has to reach the test's servers on the loopback.
boot() {
    local end=$((SECONDS + 120))
    : >"$scratch/console"
    SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1 setpriv --pdeathsig TERM timeout -k 60 1200 \
        systemd-nspawn -q --register=no --keep-unit -D "$machine" --capability=all \
        --system-call-filter="fanotify_init fanotify_mark open_by_handle_at" \
        --resolv-conf=off --timezone=off --link-journal=no -b --console=pipe \
        <&0 >"$scratch/console" 2>&1 7>&- 8>&- 9>&- &
    nspawn=$!
    disown "$nspawn"
    until guest=$(guest_pid) && [[ -n $guest ]] && is_up; do
        kill -0 "$nspawn" 2>/dev/null || skip "systemd-nspawn: $(tail -n 1 "$scratch/console")"
        [[ $SECONDS -lt $end ]] || fail "it does not boot: $(tail -n 5 "$scratch/console")"
        sleep 0.2
    done
    # A mark on a file system of ours would stop everybody's work. systemd-nspawn lets two places in.
    local place
    for place in $(our_places); do inside umount "$place" 2>/dev/null || true; done
    [[ -z $(our_places) ]] || fail "of this machine's root file system is mounted in there: $(our_places)"
}
our_places() {
    awk -v device="$(mountpoint -d /)" '$3 == device { print $5 }' "/proc/$guest/mountinfo"
}
guest_pid() {
    local pid
    for pid in $(pgrep -P "$nspawn" 2>/dev/null); do
        pgrep -P "$pid" -x systemd || true
    done | head -n 1
}
is_up() { # whatever became of single units
    [[ $(inside systemctl is-system-running 2>/dev/null) =~ ^(running|degraded)$ ]]
}
power_off() {
    local pid=$nspawn
    [[ -n $pid ]] || return 0
    # The machine's own way down; timeout hands it on, and kills what keeps the machine if that takes
    # too long: then its systemd is still there, with its marks.
    kill -TERM "$pid" 2>/dev/null || true
    has_ended() { ! kill -0 "$pid" 2>/dev/null && ! { [[ -n $guest ]] && kill -0 "$guest" 2>/dev/null; }; }
    if ! { eventually has_ended || eventually has_ended || eventually has_ended; }; then
        kill -KILL $(pgrep -P "$pid") "$pid" $guest 2>/dev/null || true
        nspawn='' guest=''
        return 1
    fi
    nspawn='' guest=''
}
reboot() {
    power_off || fail "it does not go down"
    boot
}

# --- in there

# A command in the machine, as root; three minutes at most.
inside() {
    timeout -k 5 "${INSIDE_SECONDS:-180}" nsenter -t "$guest" -m -u -i -n -p -C -- /usr/bin/env -i \
        PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C "$@"
}
inside_as() { # USER COMMAND...
    inside runuser -u "$1" -- "${@:2}"
}
unit_is() { # active|enabled UNIT
    inside systemctl --quiet "is-$1" "$2"
}

leave_machine() {
    local code=$1
    set +e
    power_off
    unmount_root "$machine"
    (exit "$code")
    clean_up
}
trap 'leave_machine $?' EXIT
