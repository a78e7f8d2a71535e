#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The configuration is freshclam's: the files that users have work as they are, what freshclam
# refuses is refused with its status, the defaults are what clamconf says.
. "$(dirname "$0")/../support/sigupdate.sh"
both() { # freshclam and ours end with the same status: both STATUS ARGUMENT...
    local expected=$1
    shift
    if [[ -x $FRESHCLAM ]]; then
        run timeout 60 "$FRESHCLAM" "$@"
        expect_status "$expected"
    fi
    run "$SIGUPDATE" "$@"
    expect_status "$expected"
    [[ $(wc -l <"$err") -ge 1 ]] || fail "nothing on stderr"
}
base="DatabaseDirectory $D
DatabaseOwner $account
MaxAttempts 1
PrivateMirror http://127.0.0.1:1"
refuse() { # LINE REGEX
    printf '%s\n%s\n' "$base" "$1" >"$conf"
    both 2 --config-file="$conf" --update-db=test
    [[ $(wc -l <"$err") -eq 1 ]] || fail "not one line"
    expect_error "^sigupdate: $conf:5: $2"
}
refuse 'Foo bar' 'unknown option Foo'
refuse 'Bytecode maybe' 'Bytecode maybe: is no value for it'
refuse 'ConnectTimeout abc' 'ConnectTimeout abc'
refuse 'MaxAttempts' 'MaxAttempts needs a value'
refuse 'LogTime 2' 'LogTime 2'
refuse 'UpdateLogFile' 'UpdateLogFile needs a value'
refuse 'bytecode yes' 'unknown option bytecode'
refuse 'Example' 'the example configuration has to be edited'
echo "$base" >"$conf"
both 2 --config-file=/nonexistent
both 2 --config-file="$conf" --no-such-option
both 2 --config-file="$conf" --checks=abc
both 9 --config-file="$conf" --update-db=nonsense
both 11 --config-file="$conf" --update-db=test
both 11 --config-file="$conf" --update-db=test --log-rotate
{ cat "$conf" && echo 'LogFileMaxSize 5000M'; } >"$conf.large"
both 11 --config-file="$conf.large" --update-db=test
grep -v Mirror "$conf" >"$conf.none"
both 9 --config-file="$conf.none" --update-db=test --no-dns
sed "s,^DatabaseOwner.*,DatabaseOwner nosuchaccount," "$conf" >"$conf.owner"
[[ $EUID -ne 0 ]] || both 2 --config-file="$conf.owner" --update-db=test
sed "s,^DatabaseDirectory.*,DatabaseDirectory /proc/1," "$conf" >"$conf.dir"
run "$SIGUPDATE" --config-file="$conf.dir" --update-db=test
expect_status 10

# What two tools of ours must not be asked at once, and what belongs together.
for wrong in '--list --rollback' '--reason=x' '--expires=1d' '--rollback=0' '--allow=' \
    'an argument' '--proof-memory=x' '-c 51' '-c 0'; do
    # shellcheck disable=SC2086
    run "$SIGUPDATE" --config-file="$conf" $wrong
    expect_one_error 2 .
done

# Deprecated options are a warning, the first of two values counts, comments and quotes.
cat >"$conf" <<C
# a comment
DatabaseDirectory "$D"
SafeBrowsing yes
AllowSupplementaryGroups yes
ConnectTimeout 7
ConnectTimeout 8
PrivateMirror http://127.0.0.1:1
ExtraDatabase one
ExtraDatabase two
HTTPProxyPassword secret
NotifyClamd
C
chmod 600 "$conf"
run "$SIGUPDATE" --config-file="$conf" --check-config --datadir=/elsewhere --checks=3
expect_status 0
expect_line 'ConnectTimeout = "7"'
expect_line 'DatabaseDirectory = "/elsewhere"'
expect_line 'Checks = "3"'
expect_line 'ExtraDatabase = "one", "two"'
expect_line 'ReceiveTimeout = "60" # default'
expect_line 'UpdateLogFile disabled # default'
expect_line 'NotifyClamd = "/etc/clamav/clamd.conf"'
expect_no_match secret

# The same names, order and values as clamconf; which shows NotifyClamd with the file that it would
# use although nobody is notified unless the option is given.
if command -v clamconf >/dev/null; then
    mkdir "$scratch/etc"
    printf 'DatabaseMirror database.clamav.net\nChecks 1\n' >"$scratch/etc/freshclam.conf"
    clamconf -c "$scratch/etc" 2>/dev/null | sed -n '/^Config file: freshclam/,/^$/p' |
        grep -E '^[A-Z][A-Za-z]+ (=|disabled)' | grep -v '^Config' |
        sed 's,^NotifyClamd =.*,NotifyClamd disabled,' >"$scratch/theirs"
    run "$SIGUPDATE" --config-file="$scratch/etc/freshclam.conf" --check-config
    sed 's/ # default$//' "$out" | grep -E '^[A-Z][A-Za-z]+ (=|disabled)' |
        sed '/^VitalFile/,$d' >"$scratch/ours"
    expect_same "$scratch/theirs" "$scratch/ours" 'clamconf and --check-config'
fi

# The guide's own file.
if [[ -e $repo/../shared/data/config/freshclam.conf ]]; then
    run "$SIGUPDATE" --config-file="$repo/../shared/data/config/freshclam.conf" --check-config
    expect_status 0
    expect_line 'DatabaseMirror = "database.clamav.net"'
    expect_line 'Checks = "1"'
fi

# The order in which the files are looked for, in a mount namespace of our own.
if [[ $EUID -eq 0 ]] && unshare -m true 2>/dev/null; then
    mkdir -p "$scratch/etc-own/hostav" "$scratch/etc-own/clamav"
    cp /etc/passwd /etc/group "$scratch/etc-own/"
    echo 'Checks 3' >"$scratch/etc-own/clamav/freshclam.conf"
    look() {
        # shellcheck disable=SC2016
        unshare -m bash -c 'mount --bind "$1" /etc && exec "$2" --check-config' - \
            "$scratch/etc-own" "$SIGUPDATE" >"$out"
    }
    look
    expect_line 'Checks = "3"'
    echo 'Checks 2' >"$scratch/etc-own/freshclam.conf"
    look
    expect_line 'Checks = "2"'
    echo 'Checks 1' >"$scratch/etc-own/hostav/sigupdate.conf"
    look
    expect_line 'Checks = "1"'
    rm -r "$scratch/etc-own/hostav" "$scratch/etc-own/clamav" "$scratch/etc-own/freshclam.conf"
    look
    expect_line 'DatabaseMirror = "database.clamav.net"'
fi
run "$SIGUPDATE" --list-mirrors
expect_status 0
run "$SIGUPDATE" --version --config-file="$conf"
expect_match '^ClamAV [0-9.]+'
