#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The remedy for a false alarm: a file, a digest, a signature; it works at once, updates keep it, it
# expires, it can be taken back; EICAR cannot be allowed.
. "$(dirname "$0")/../support/sigupdate.sh"
need_clamscan
app=$scratch/app
printf 'our own application, never changed' >"$app"
condemn() { # NAME
    printf '%s:%s:%s\n' "$(md5sum <"$app" | cut -d' ' -f1)" "$(stat -c %s "$app")" "$1"
}
printf 'Eicar-Test-Signature:0:0:%s\n' "$(eicar | od -An -v -tx1 | tr -d ' \n')" >"$M/a.ndb"
condemn False-Alarm >"$D/local.hdb"
write_conf <<<"DatabaseCustomURL file://$M/a.ndb
VitalFile /bin/sh"
sigupdate --update-db=custom
expect_status 0
found() { # by Debian's clamscan and by ours
    for tool in "$CLAMSCAN" "$SCAN"; do
        run "$tool" -d "$D" --no-summary "$app"
        expect_line "$app: False-Alarm.UNOFFICIAL FOUND"
    done
}
clean() {
    for tool in "$CLAMSCAN" "$SCAN"; do
        run "$tool" -d "$D" --no-summary "$app"
        expect_line "$app: OK"
    done
}
found
digest=$(sha256sum "$app" | cut -d' ' -f1):$(stat -c %s "$app")
for what in "$app" "$digest" "${digest^^}" False-Alarm False-Alarm.UNOFFICIAL; do
    sigupdate --allow="$what" --reason='ticket 4711' --expires=2w
    expect_status 0
    clean
    sigupdate --list-allowed
    expect_count 1 'until .* ticket 4711$'
    sigupdate --list-allowed --json
    python3 -c 'import json, sys
entry = json.loads(open(sys.argv[1]).read())
assert entry["reason"] == "ticket 4711" and entry["expires"] > entry["added"], entry' "$out" ||
        fail "--list-allowed --json"
    sigupdate --disallow="$what"
    expect_status 0
    found
    [[ ! -e $D/hostav-allow.sfp && ! -e $D/hostav-allow.ign2 ]] || fail "a file is left"
done

# Updates keep it; what is allowed twice is there once, with what was said last.
sigupdate --allow "$app"
sigupdate --allow "$app" --reason=second
sigupdate --list-allowed
expect_count 1 .
expect_match second
printf '%032x:7:More\n' 7 >"$M/b.hdb"
echo "DatabaseCustomURL file://$M/b.hdb" >>"$conf"
sigupdate --update-db=custom
expect_status 0
clean
# Somebody removes the file: the record is the truth.
rm "$D/hostav-allow.sfp"
sigupdate --update-db=custom
clean

# Expiry.
sigupdate --disallow="$app"
sigupdate --allow="$app" --expires="$(date -d '+1 hour' '+%Y-%m-%d %H:%M')"
expect_status 0
clean
sed -i 's/"expires":[0-9]*/"expires":1000/' "$D/.hostav/allowed"
sigupdate --update-db=custom
expect_status 0
expect_match 'is not allowed any more: expired'
found
for wrong in 2001-01-01 never 0d 10x ''; do
    sigupdate --allow="$app" --expires="$wrong"
    [[ $status -eq 2 || $status -eq 16 ]] || fail "--expires=$wrong: status $status"
done

# EICAR in any of its guises, and what is nothing.
make_eicar "$scratch/eicar.com"
sum=$(sha256sum "$scratch/eicar.com" | cut -d' ' -f1)
for what in "$scratch/eicar.com" "$sum:68" Eicar-Test-Signature Eicar-Test-Signature.UNOFFICIAL \
    Eicar-Signature Win.Test.EICAR_HDB-1; do
    sigupdate --allow="$what"
    expect_status 16
    expect_error 'EICAR cannot be allowed'
done
: >"$scratch/empty"
for what in "$scratch" "$scratch/empty" /nonexistent/file "$sum:0" "$sum:x" 'two words' 'a:b' '#x'; do
    sigupdate --allow="$what"
    expect_status 16
    [[ $(wc -l <"$err") -eq 1 ]] || fail "not one line for $what"
done
sigupdate --disallow=nothing
expect_status 16
found
