#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# --quarantine keeps infected files inert with a record of where they came from; --restore puts one
# back as it was, never over another file and never changed.
set -eu
. "$(dirname "$0")/../support/lib.sh"
! stands_in || skip "clamscan has no quarantine"
need python3

fresh() {
    rm -rf t q
    mkdir -p t/sub
    make_eicar t/bad t/sub/bad $'t/new\nline'
    echo clean >t/good
    chmod 4755 t/bad
    touch -d '2020-01-02 03:04:05.678' t/bad
}
listing() { find t -type f -printf '%P %m %u %s %T@\n' | sort; }
kept() { find q -type f ! -name '*.json' | sort; }

fresh
listing >"$scratch/before"
scan -r --quarantine=q t
expect_status 1
[[ ! -e t/bad && ! -e t/sub/bad && -e t/good ]] || fail "not taken away"
[[ $(stat -c %a q) = 700 ]] || fail "mode of the directory"
[[ $(kept | wc -l) -eq 3 ]] || fail "not three files in quarantine"
[[ $(stat -c %a q/* | sort -u) = 400 ]] || fail "not inert"
expect_no_match 'Not quarantined'
python3 - "$PWD" <<'PYTHON'
import glob, hashlib, json, sys
records = [json.load(open(name)) for name in glob.glob("q/*.json")]
assert sorted(r["origin"] for r in records) == sorted(sys.argv[1] + p for p in ("/t/bad", "/t/sub/bad", "/t/new\nline"))
for record in records:
    assert "Eicar-Test-Signature" in record["signatures"], record
for name in glob.glob("q/*.json"):
    data = open(name[:-5], "rb").read()
    assert hashlib.sha256(data).hexdigest() == json.load(open(name))["sha256"]
PYTHON

# Put back: the same name, mode, owner, time and content.
for file in $(kept); do
    run "$SCAN" --restore="$file"
    expect_status 0
    [[ ! -e $file && ! -e $file.json ]] || fail "left in quarantine"
done
expect_same "$scratch/before" <(listing) "files before and after"

# Not over what is there, not when it was changed, not through a link.
fresh
scan --quarantine=q t/bad
file=$(kept)
echo other >t/bad
run "$SCAN" --restore="$file"
expect_one_error 2 't/bad'
[[ $(<t/bad) = other && -e $file ]] || fail "restored over a file"
rm t/bad
mv t elsewhere
ln -s elsewhere t
run "$SCAN" --restore="$file"
expect_one_error 2 't'
[[ ! -e elsewhere/bad ]] || fail "restored through a link"
rm t
mv elsewhere t
chmod 600 "$file"
echo more >>"$file"
run "$SCAN" --restore="$file"
expect_one_error 2 "$(basename "$file")"
[[ ! -e t/bad ]] || fail "restored although changed"

# A directory that others may write to is no quarantine.
fresh
mkdir -m 777 q
scan --quarantine=q t/bad
expect_one_error 2 q
[[ -e t/bad ]] || fail "quarantined all the same"
