# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What every black-box test of sigupdate sources, after which everything of lib.sh is there too: a
# database directory, a configuration that reaches nothing but loopback, a mirror with faults, the
# small databases signed with ClamAV's own key where the machine has them.

# shellcheck source=tests/support/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck disable=SC2034 # for lib.sh and the tests
program=sigupdate
SIGUPDATE=$BUILD/sigupdate
FRESHCLAM=${FRESHCLAM:-/usr/bin/freshclam}
SIGNED=${SIGNED:-$repo/../shared/data/freshclam}
[[ -x $SIGUPDATE ]] || fail "$SIGUPDATE is not built"
need python3

D=$scratch/live      # the database directory
M=$scratch/mirror    # what the mirror serves
conf=$scratch/freshclam.conf
faults=$scratch/faults
requests=$scratch/requests # the mirror's log
mkdir "$D" "$M"
: >"$faults"
: >"$requests"

account=$(id -un 2>/dev/null || true) # a user without a name has a number
# Theirs may be read-only, and cp keeps that.
if [[ -e $SIGNED/test-6.cvd ]]; then
    mkdir "$scratch/signed"
    cp "$SIGNED"/* "$scratch/signed/"
    chmod -R u+w "$scratch/signed"
    SIGNED=$scratch/signed
fi

# The account that the databases belong to: ourselves, so that nothing depends on accounts.
write_conf() { # further lines on stdin
    {
        echo "DatabaseDirectory $D"
        echo "DatabaseOwner $account"
        echo "MaxAttempts 1"
        echo "ConnectTimeout 5"
        echo "ReceiveTimeout 2"
        echo "MaxAge 0"
        cat
    } >"$conf"
}

# Starts the mirror of $M; its port is in $port, its address in $mirror.
start_mirror() { # [OPTION...]
    rm -f "$scratch/port"
    setsid "$support/mirror" --root "$M" --port-file "$scratch/port" --log "$requests" \
        --faults "$faults" "$@" >"$scratch/mirror-out" 2>&1 &
    started+=("$!")
    disown "$!" # that it is killed in the end is nothing to tell
    eventually test -s "$scratch/port" || fail "the mirror did not start"
    port=$(cat "$scratch/port")
    # shellcheck disable=SC2034
    mirror=http://127.0.0.1:$port
}
fault() { printf '%s\n' "$@" >"$faults"; }
no_faults() { : >"$faults"; }
# Requests so far that match an extended regular expression.
asked() { grep -cE -e "$1" "$requests" || true; }

sigupdate() { run "$SIGUPDATE" --config-file="$conf" --no-dns "$@"; }
# The signed databases: version N of `test` served, with the diffs up to it.
need_signed() { [[ -e $SIGNED/test-6.cvd ]] || skip "no signed databases in $SIGNED"; }
serve_signed() { # N
    local n
    cp "$SIGNED/test-$1.cvd" "$M/test.cvd"
    for ((n = 2; n <= $1; n++)); do cp "$SIGNED/test-$n.cdiff" "$M/test-$n.cdiff"; done
}
live_signed() { cp "$SIGNED/test-$1.cvd" "$D/test.cvd"; } # N
# The version of a live database, from its header.
version_of() { # NAME.cld
    head -c 512 "$D/$1" | cut -d: -f3
}
# Debian's own clamscan loads what is live.
loads() {
    need_clamscan
    echo harmless >"$scratch/harmless"
    run "$CLAMSCAN" --no-summary -d "$D" "$scratch/harmless"
    [[ $status -eq 0 ]] || fail "clamscan does not load $D"
}
