#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# --json: one object a file, always valid UTF-8, with what a program wants to know of it.
set -eu
. "$(dirname "$0")/../support/lib.sh"
! stands_in || skip "clamscan has no --json"
need python3

"$support/make-corpus" t
make_eicar $'t/line\nbreak' $'t/bad\xff'
ln -s nowhere t/dangling
truncate -s 150M t/sparse

scan -rz --json t t/missing
expect_status 1
expect_no_match 'SUMMARY'
cat >check.py <<'PYTHON'
import base64, hashlib, json, os, sys

raw = open(sys.argv[1], "rb").read()
files = {}
for line in raw.decode("utf-8").splitlines():
    record = json.loads(line)
    path = base64.b64decode(record["path_base64"]) if "path_base64" in record else record["path"].encode()
    assert path not in files, path
    files[path] = record
    assert record["verdict"] in ("clean", "infected", "error", "skipped"), record
    if record["verdict"] in ("clean", "infected"):
        assert record["size"] == os.stat(path).st_size, record
        assert record["seconds"] >= 0, record
        known = record.get("type", "CL_TYPE_")  # of a tiny file nothing is known
        assert known.startswith("CL_TYPE_") and ("type" in record or record["size"] < 6 or "partial" in record), record
    if record["verdict"] == "infected":
        assert record["sha256"] == hashlib.sha256(open(path, "rb").read()).hexdigest(), record
        assert record["signatures"] and all(isinstance(s, str) for s in record["signatures"]), record
    else:
        assert "sha256" not in record and "signatures" not in record, record

there = {os.path.join(d, f) for d, _, names in os.walk(b"t") for f in names}
assert there == set(files) - {b"t/missing"}, there ^ set(files)

for record in files.values():  # no temporary names of libclamav's
    assert not record.get("member", "").startswith("clamav-"), record

eicar = ["Eicar-Test-Signature.UNOFFICIAL"]
assert files[b"t/plain/eicar.com"]["signatures"] == eicar
assert "member" not in files[b"t/plain/eicar.com"]
assert files[b"t/arc/pair.zip"]["member"] == "dir/bad.com", files[b"t/arc/pair.zip"]
assert files[b"t/arc/pair.zip"]["type"] == "CL_TYPE_ZIP"
assert files[b"t/arc/nested.zip"]["member"] == "in.zip/in2.zip/dir/bad.com", files[b"t/arc/nested.zip"]
assert {m["member"] for m in files[b"t/arc/two.zip"]["matches"]} == {"one.com", "two.com"}
assert files[b"t/line\nbreak"]["signatures"] == eicar and files[b"t/bad\xff"]["signatures"] == eicar
assert files[b"t/plain/clean.txt"]["verdict"] == "clean"
assert files[b"t/plain/empty"]["verdict"] == "skipped"
assert files[b"t/dangling"]["verdict"] == "skipped"
assert files[b"t/missing"]["verdict"] == "error" and files[b"t/missing"]["error"]
assert files[b"t/sparse"]["limits"] == ["MaxFileSize"] and files[b"t/sparse"]["partial"] is True
PYTHON
python3 check.py "$out" >"$scratch/why" 2>&1 || fail "$(cat "$scratch/why")"

# The same files are shown as without it: -i shows infected ones only.
scan -ri --json t/plain t/arc
[[ $(wc -l <"$out") -eq $(grep -c '"verdict":"infected"' "$out") ]] || fail "-i shows others too"
