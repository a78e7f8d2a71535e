# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What every black-box test sources: a scratch directory that is gone afterwards, the program under
# test, samples, a database, assertions. A test is a bash script that exits 0 (passed), 77 (skipped,
# its last line says why) or anything else (failed, with what was run and what came out).
#
# From the environment: SCAN (the program under test), BUILD (where it was built), TMPDIR.

# shellcheck disable=SC2034 # some are for the tests only
set -eu
export LC_ALL=C TZ=UTC
exec </dev/null

support=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repo=$(cd "$support/../.." && pwd)
BUILD=${BUILD:-$repo/build}
[[ $BUILD = /* ]] || BUILD=$repo/$BUILD
SCAN=${SCAN:-$BUILD/scan}
CLAMSCAN=${CLAMSCAN:-/usr/bin/clamscan}
testfiles=/usr/share/clamav-testfiles

scratch=$(mktemp -d "${TMPDIR:-/tmp}/test.XXXXXX")
scratch=$(realpath "$scratch")
out=$scratch/out # stdout of the last run
err=$scratch/err # stderr of the last run
status=0         # exit status of the last run
ran=             # the last command, for failures
started=()       # processes of ours that must not outlive the test
mkdir "$scratch/w"
cd "$scratch/w" # tests work here; everything in it is theirs

clean_up() {
    local code=$? pid
    trap - EXIT
    for pid in ${started[@]+"${started[@]}"}; do
        signal_workers KILL "$pid"
        # And its group, where it leads one: killed like this, timeout(1) leaves what it runs alone.
        kill -KILL "$pid" "-$pid" 2>/dev/null || true
    done
    cd /
    chmod -R u+rwX "$scratch" 2>/dev/null || true
    rm -rf "$scratch"
    exit "$code"
}
trap clean_up EXIT
trap 'exit 1' INT TERM HUP

skip() {
    echo "$*"
    exit 77
}

fail() {
    printf 'FAILED at line %s: %s\n' "${BASH_LINENO[*]: -2:1}" "$*"
    [[ -z $ran ]] || printf -- '--- ran: %s\n--- status: %s\n' "$ran" "$status"
    local file
    for file in "$out" "$err"; do
        [[ -s $file ]] || continue
        printf -- '--- %s:\n' "${file##*/}"
        head -c 4000 "$file" | cat -v
    done
    exit 1
}

need() {
    local tool
    for tool; do
        command -v "$tool" >/dev/null || skip "$tool is not installed"
    done
}
need_root() { [[ $EUID -eq 0 ]] || skip "needs root"; }
need_clamscan() { need "$CLAMSCAN"; }
need_testfiles() { [[ -d $testfiles ]] || skip "clamav-testfiles is not installed"; }
program=${SCAN##*/}
stands_in() { [[ $program = clamscan ]]; } # while a test is being written

# --- samples ------------------------------------------------------------------------------------

# The EICAR test file (68 bytes, no line end), in two halves so that no file here is one.
eicar() {
    printf '%s%s' 'X5O!P%@AP[4\PZX54(P^)7CC)7}$' 'EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*'
}
make_eicar() {
    local file
    for file; do eicar >"$file"; done
}

# A database directory that knows EICAR (as a body signature at the file's start) and the harmless
# ClamAV test file (as a hash). Names come out with .UNOFFICIAL after them.
make_db() {
    mkdir -p "$1"
    printf 'Eicar-Test-Signature:0:0:%s\n' "$(eicar | od -An -v -tx1 | tr -d ' \n')" >"$1/test.ndb"
    echo 'aa15bcf478d165efd2065190eb473bcb:544:ClamAV-Test-File' >"$1/test.hdb"
}
db=$scratch/db
make_db "$db"
# What lines say of the two.
eicar_found='Eicar-Test-Signature.UNOFFICIAL FOUND'

# Bytes that look like nothing in particular and are the same everywhere: random SEED BYTES
random() {
    need python3
    python3 -c 'import random, sys
sys.stdout.buffer.write(random.Random(int(sys.argv[1])).randbytes(int(sys.argv[2])))' "$1" "$2"
}

# --- running ------------------------------------------------------------------------------------

# Runs a command to its end; leaves $status, and its output in the files $out and $err.
run() {
    ran=$*
    status=0
    "$@" >"$out" 2>"$err" || status=$?
}
# The program under test with the test database.
scan() { run "$SCAN" -d "$db" "$@"; }

# Starts a command in the background in a session of its own; its pid is in $pid. Workers share
# the session, so that `session $pid` finds them even when their parent is gone.
# (A shell lets its background commands ignore SIGINT; env takes that back. Descriptors 7 to 9 are
# tests' own ends of pipes, which must not be held open by somebody else.)
start() {
    ran=$*
    : >"$out" # what an earlier command said must not be taken for this one's
    : >"$err"
    setsid env --default-signal=INT,QUIT "$@" <&0 >"$out" 2>"$err" 7>&- 8>&- 9>&- &
    pid=$!
    started+=("$pid")
}
finish() { # waits for the command that start() started
    status=0
    wait "$1" || status=$?
}
workers() { pgrep -P "$1" || true; }
signal_workers() { # SIGNAL PID
    local worker
    for worker in $(workers "$2"); do kill -"$1" "$worker" 2>/dev/null || true; done
}
session() { ps -s "$1" -o stat=,pid= | awk '$1 !~ /^Z/ { print $2 }'; }

# Asks again until a command succeeds, 20 seconds at most: eventually COMMAND…
eventually() {
    local i
    for ((i = 0; i < 400; i++)); do
        if "$@"; then return 0; fi
        sleep 0.05
    done
    return 1
}
gone() { [[ -z $(session "$1") ]]; }
has_workers() { [[ -n $(workers "$1") ]]; }

# For what must happen while a scan runs: starts the program with a list of files that the test
# writes name by name with feed(); it cannot end before end_feed().
start_fed() {
    ! stands_in || skip "clamscan has no --files0-from"
    mkfifo "$scratch/feed"
    start "$SCAN" -d "$db" --files0-from="$scratch/feed" "$@"
    exec 9<>"$scratch/feed"
}
feed() { printf '%s\0' "$@" >&9; }
end_feed() {
    exec 9>&-
    finish "$pid"
}
says() { grep -qxaF -e "$1" "$out"; }
await_line() { eventually says "$1" || fail "no line '$1' came"; }
stop_workers() { # all of them, and waits until they stand
    local worker
    for worker in $(workers "$1"); do
        kill -STOP "$worker"
        eventually grep -q '^State:.T' "/proc/$worker/status"
    done
}

# --- assertions ---------------------------------------------------------------------------------

expect_status() { [[ $status -eq $1 ]] || fail "status $status, not $1"; }
# One whole line of stdout is exactly this.
expect_line() { grep -qxaF -e "$1" "$out" || fail "no line '$1'"; }
expect_no_line() { ! grep -qxaF -e "$1" "$out" || fail "line '$1'"; }
# stdout has (not) a line that matches an extended regular expression.
expect_match() { grep -qaE -e "$1" "$out" || fail "nothing matches '$1'"; }
expect_no_match() { ! grep -qaE -e "$1" "$out" || fail "something matches '$1'"; }
expect_error() { grep -qaE -e "$1" "$err" || fail "nothing on stderr matches '$1'"; }
expect_count() { # N REGEX: so many lines of stdout match
    local n
    n=$(grep -caE -e "$2" "$out" || true)
    [[ $n -eq $1 ]] || fail "$n lines match '$2', not $1"
}
expect_silent() { [[ ! -s $err ]] || fail "stderr is not empty"; }
# Bad input: status, one line on stderr as `PROGRAM: WHAT: WHY` that matches, nothing on stdout but
# the summary that clamscan prints in the same case.
expect_one_error() {
    expect_status "$1"
    [[ $(wc -l <"$err") -eq 1 ]] || fail "not exactly one line on stderr"
    stands_in || expect_error "^$program: .+"
    expect_error "$2"
}
expect_same() { # FILE FILE WHAT
    diff "$1" "$2" >"$scratch/diff" || {
        cat "$scratch/diff"
        fail "$3 differ"
    }
}
