#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# clamd.conf is read as clamd reads it: every option, side by side with clamconf; the guide's file as
# it is; what is wrong is refused with file and line. Without privileges, one line says which.
set -eu
. "$(dirname "$0")/../support/lib.sh"
watch=$BUILD/onaccess-watch
program=onaccess-watch
check() { run "$watch" -c conf --check-config "$@"; }

# The guide's (its accounts need not exist here).
cat >conf <<'CONF'
# The clamd/clamonacc configuration a user of the EC2 guide has at /etc/clamd.d/scan.conf.
LogFile /var/log/clamd.scan
LogFileMaxSize 20M
LogTime yes
LogSyslog yes
LocalSocket /tmp/clamd.socket
LocalSocketGroup clamscan
LocalSocketMode 660
User clamscan
OnAccessPrevention yes
OnAccessExcludeUname clamscan
OnAccessIncludePath /home
CONF
check
expect_status 0
expect_line 'LogFileMaxSize = "20971520"'
expect_line 'OnAccessIncludePath = "/home"'
expect_line 'OnAccessPrevention = "yes"'
expect_line 'MaxThreads = "10" # default'
expect_line 'OnAccessMaxFileSize = "104857600" # default'
expect_line 'OnAccessDeadline = "30" # default'
getent passwd clamscan >/dev/null || expect_error 'OnAccessExcludeUname clamscan: there is no such account here'

# Names and defaults are clamconf's, but for those that the manual names.
if command -v clamconf >/dev/null; then
    mkdir etc && : >etc/clamd.conf && echo 'LogVerbose yes' >etc/clamd.conf
    clamconf -c etc -g clamd.conf >/dev/null 2>&1 || true
    clamconf -c etc 2>/dev/null | sed -n '/^Config file: clamd.conf/,/^$/p' | sed '1,2d' |
        grep -E '^[A-Z][A-Za-z0-9]* (=|disabled)' | sort >theirs
    cp etc/clamd.conf conf
    check
    expect_status 0
    sed -n 's/ # default$//; /^[A-Z][A-Za-z0-9]* \(=\|disabled\)/p' "$out" | sort >ours
    [[ $(wc -l <theirs) -gt 100 ]] || fail "clamconf says too little"
    # Ours alone, and what differs on purpose.
    grep -vE '^(OnAccess(Events|ExcludePattern|Deadline|Quarantine|MaxFileSize|MaxThreads)|Dev[A-Z]|LogVerbose)' ours >ours.common || true
    grep -vE '^(OnAccess(MaxFileSize|MaxThreads)|Dev[A-Z]|LogVerbose|.* is DEPRECATED)' theirs >theirs.common
    cut -d' ' -f1 theirs.common | sort -u >theirs.names
    cut -d' ' -f1 ours | sort -u >ours.names
    # Old names are shown where they are set.
    missing=$(comm -23 theirs.names ours.names |
        grep -vxE 'AlgorithmicDetection|ArchiveBlockEncrypted|BlockMax|OLE2BlockMacros|PartitionIntersection|PhishingAlwaysBlock.*' || true)
    [[ -z $missing ]] || fail "not known: $missing"
    comm -23 theirs.common ours.common >differ
    # clamconf prints unset numbers and unlimited sizes in ways of its own.
    grep -vE '^(CacheSize|FailIfCvdOlderThan|TCPSocket|OnAccessExcludeUID|MaxScanTime|StructuredMin|AlgorithmicDetection|DisableCertCheck|BytecodeTimeout|.*disabled)' differ >odd || true
    [[ ! -s odd ]] || fail "defaults differ: $(cat odd)"
fi

refused() { # LINE WHAT
    printf '%s\n' '# a comment' "$1" >conf
    run "$watch" -c conf --check-config
    expect_one_error 1 "^onaccess-watch: conf:2: .*$2"
}
refused 'NoSuchOption yes' 'unknown option NoSuchOption'
refused 'Example' 'Example'
refused 'MaxThreads many' 'MaxThreads many: is no value'
refused 'MaxThreads 0' 'is no value'
refused 'TCPSocket 70000' 'is no value'
refused 'LogTime perhaps' 'is no value'
refused 'OnAccessDeadline 0' 'is no value'
refused 'LocalSocket' 'needs a value'
bad() { # LINE WHAT
    printf '%s\n' "$1" >conf
    run "$watch" -c conf --check-config
    expect_one_error 1 "$2"
}
bad 'OnAccessEvents open sneeze' 'OnAccessEvents sneeze: not one of open, exec, close-write'
bad 'OnAccessExcludePattern (' 'is no regular expression'
bad 'ExcludePath [' 'is no regular expression'
bad 'OnAccessIncludePath home' 'must be an absolute path'
bad 'BytecodeMode Fast' 'is no mode'
bad 'BytecodeSecurity None' 'is no level'
printf 'ScanOnAccess yes\nBlockMax yes\n' >conf
check
expect_status 0
expect_error 'Ignoring deprecated option ScanOnAccess at conf:1'
expect_error 'Option BlockMax at conf:2 is an old name of AlertExceedsMax'
run "$watch" -c /nonexistent --check-config
expect_one_error 1 '/nonexistent: No such file'

# The command line goes over the file; what clamd takes there is taken.
printf 'MaxFileSize 10M\nScanPE yes\nLogFile /from/file\n' >conf
check --max-filesize=20M --scan-pe=no -l /from/line --datadir=/elsewhere --max-recursion=5
expect_status 0
expect_line 'MaxFileSize = "20971520"'
expect_line 'ScanPE disabled'
expect_line 'LogFile = "/from/line"'
expect_line 'DatabaseDirectory = "/elsewhere"'
expect_line 'MaxRecursion = "5"'
check --max-filesize=big
expect_one_error 1 'max-filesize'
check argument
expect_one_error 1 'argument: unexpected argument'
printf '/srv\n/opt\n' >list
check -W list
expect_line 'OnAccessIncludePath = "/srv", "/opt"'
run "$watch" -c conf --move=a --remove
expect_one_error 1 'only one of'

# Nothing to do, nobody there.
run "$watch" -c conf
expect_one_error 1 'there is nothing to do'
echo "LocalSocket $scratch/none" >conf
run "$watch" -c conf --status
expect_one_error 3 'not running'
run "$watch" -c conf --ping 1
expect_one_error 21 'no answer'

# As an ordinary user.
if [[ $EUID -ne 0 ]]; then
    printf 'OnAccessIncludePath /home\nDatabaseDirectory %s\n' "$db" >conf
    run "$watch" -c conf
    expect_one_error 1 'needs root, or the capability CAP_SYS_ADMIN'
elif command -v setpriv >/dev/null; then
    printf 'OnAccessIncludePath /home\nDatabaseDirectory %s\n' "$db" >conf
    chmod 755 "$scratch" . && chmod 644 conf
    if setpriv --reuid=12345 --regid=12345 --clear-groups test -x "$watch"; then
        run setpriv --reuid=12345 --regid=12345 --clear-groups "$watch" -c conf
        expect_one_error 1 'needs root, or the capability CAP_SYS_ADMIN'
    fi
fi
# A plain scan service needs no privilege.
printf 'LocalSocket %s/sock\nDatabaseDirectory %s\n' "$scratch" "$db" >conf
if [[ $EUID -eq 0 ]]; then chmod 755 "$db"; chmod 644 "$db"/*; fi
start timeout 60 "$watch" -c conf
answers() { "$watch" -c conf --ping 1 >/dev/null 2>&1; }
eventually answers || fail "no answer"
make_eicar bad
run "$SCAN" -d "$db" --engine="$scratch/sock" --no-summary bad
expect_status 1
expect_line "bad: $eicar_found"
run "$watch" -c conf --status
expect_status 0
expect_match '^State: serving'
# A second one does not take its place.
run "$watch" -c conf
expect_one_error 1 'another daemon answers there'
kill "$pid"
finish "$pid"
