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
getent passwd clamscan >/dev/null || expect_error '^WARNING: OnAccessExcludeUname clamscan: there is no such account here'
getent group clamscan >/dev/null || expect_error '^WARNING: LocalSocketGroup clamscan: there is no such group here: only .* may connect'
if [[ $EUID -eq 0 ]] && ! getent passwd clamscan >/dev/null; then
    expect_error '^WARNING: User clamscan: there is no such account here: .* only root may connect'
fi

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
    # Old names are shown where they are set; ours are ours; these defaults differ on purpose, or are
    # shown as what is in effect where clamconf says `disabled`.
    old='^(AlgorithmicDetection|ArchiveBlockEncrypted|BlockMax|OLE2BlockMacros|PartitionIntersection|PhishingAlwaysBlock(Cloak|SSLMismatch)) '
    own='^(OnAccess(Events|ExcludePattern|Deadline|Quarantine)|DevCollectHashes) '
    other='^(OnAccess(MaxFileSize|MaxThreads|RetryAttempts)|MaxScanTime|CacheSize) '
    grep -vE "$old|$other" theirs >theirs.common
    grep -vE "$own|$other" ours >ours.common
    expect_same theirs.common ours.common "names or defaults"
    [[ $(grep -cE "$other" ours) -eq 5 ]] || fail "an option is missing"
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
bad 'LogFacility LOG_NOWHERE' 'LogFacility LOG_NOWHERE: there is no such one'
bad 'LocalSocketMode 668' 'LocalSocketMode 668: is no mode in octal digits'
bad 'LocalSocketMode rw' 'is no mode in octal digits'
printf 'ScanOnAccess yes\nBlockMax yes\n' >conf
check
expect_status 0
expect_error 'Ignoring deprecated option ScanOnAccess at conf:1'
expect_error 'Option BlockMax at conf:2 is an old name of AlertExceedsMax'
# Known for users' files, without effect: whoever sets one hears of it, at the start as well.
without_effect=(OnAccessDisableDDD=yes OnAccessCurlTimeout=1000 OnAccessRetryAttempts=3
    StreamMinPort=1100 StreamMaxPort=2000 ExitOnOOM=yes ScanPartialMessages=yes PreludeEnable=yes
    DevCollectHashes=yes DevLiblog=yes)
for option in "${without_effect[@]}"; do echo "${option/=/ }"; done >conf
check
expect_status 0
for option in "${without_effect[@]}"; do
    expect_error "^WARNING: ${option%=*} has no effect: ."
done
[[ $(wc -l <"$err") -eq ${#without_effect[@]} ]] || fail "other warnings"
echo 'PreludeAnalyzerName ClamAV' >conf # Debian's own file has it: nothing by itself
check
expect_status 0
expect_silent
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
# Every option that clamd takes there changes what is in effect (those that are strings in clamd
# need a word).
: >conf
check
cp "$out" before
switches=(prelude-enable log-rotate official-db-only disable-cache detect-pua heuristic-scan-precedence
    detect-structured alert-broken alert-broken-media alert-encrypted structured-cc-mode
    alert-encrypted-archive alert-encrypted-doc alert-macros alert-phishing-ssl alert-phishing-cloak
    alert-partition-intersection force-to-disk alert-exceeds-max bytecode-unsigned nocerts gen-json
    block-max phishing-ssl phishing-cloak partition-intersection block-macros block-encrypted debug)
for flag in "${switches[@]}"; do
    check --$flag
    [[ $status -eq 0 ]] || fail "--$flag is refused"
    ! cmp -s before "$out" || fail "--$flag changes nothing"
done
for flag in bytecode scan-pe scan-elf scan-mail phishing-sigs phishing-scan-urls heuristic-alerts \
    scan-html scan-ole2 scan-pdf scan-swf scan-xmldocs scan-hwp3 scan-onenote scan-archive scan-image \
    scan-image-fuzzy-hash cross-fs algorithmic-detection; do
    check --$flag=no
    [[ $status -eq 0 ]] || fail "--$flag is refused"
    ! cmp -s before "$out" || fail "--$flag=no changes nothing"
done
for flag in cache-size fail-if-cvd-older-than max-dir-recursion bytecode-timeout structured-cc-count \
    structured-ssn-count max-scantime max-scansize max-filesize max-recursion max-files max-embeddedpe \
    max-htmlnormalize max-htmlnotags max-scriptnormalize max-ziptypercg max-partitions max-iconspe \
    max-rechwp3 pcre-match-limit pcre-recmatch-limit pcre-max-filesize; do
    check --$flag=7
    expect_match '= "7"$'
done
for flag in exclude-pua include-pua log pid tempdir datadir prelude-analyzer-name; do
    check --$flag=/word
    expect_match '= "/word"$'
done
check --bytecode-mode=Test
expect_line 'BytecodeMode = "Test"'
# Letters: clamd's, then clamonacc's.
check -l /l -p /p -F -v -q
expect_line 'LogFile = "/l"'
expect_line 'PidFile = "/p"'
expect_line 'Foreground = "yes"'
for flag in --fdpass --stream -m --multiscan -z --allmatch -i --infected; do
    check $flag
    expect_status 0
    expect_error '^WARNING: Ignoring deprecated option'
done
check --check-config=no --nonsense
expect_one_error 1 '^onaccess-watch: --nonsense'
for flag in -V --version; do
    run "$watch" $flag
    expect_status 0
    expect_match '^ClamAV [0-9]+\.[0-9]+\.[0-9]+'
    expect_match '^hostav onaccess-watch [0-9]'
done
printf 'MaxFileSize 10M\n' >conf
check --max-filesize=big
expect_one_error 1 'max-filesize'
check argument
expect_one_error 1 'argument: unexpected argument'
printf '/srv\n/opt\n' >list
check -W list
expect_line 'OnAccessIncludePath = "/srv", "/opt"'
run "$watch" -c conf --json
expect_one_error 1 '--json: goes with --status'
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
