#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# On a terminal scan shows on stderr, in one line, how far it is, and leaves nothing of it behind;
# elsewhere stderr stays empty.
set -eu
. "$(dirname "$0")/../support/lib.sh"
! stands_in || skip "clamscan shows other things"
need python3

mkdir t
for ((i = 0; i < 300; i++)); do echo "file $i" >"t/$i"; done
head -c 40000000 /dev/zero >t/large
make_eicar t/bad

cat >terminal.py <<'PYTHON'
import os, pty, re, subprocess, sys

master, slave = pty.openpty()
with open("lines", "w") as lines:
    process = subprocess.Popen(sys.argv[1:], stdout=lines, stderr=slave)
os.close(slave)
drawn = b""
while True:
    try:
        data = os.read(master, 65536)
    except OSError:  # the last writer has gone
        break
    drawn += data
assert process.wait() == 1
text = drawn.decode()
assert re.search("signatures|file", text), text[-500:]
assert "\n" not in text, text[-500:]
# What a terminal shows at the end: each \r goes back, ESC [ K clears the rest of the line.
shown = ""
for part in re.split(r"(\r|\x1b\[\d*[A-Za-z])", text):
    if part == "\r":
        column = 0
    elif part.startswith("\x1b["):
        assert part in ("\x1b[K", "\x1b[2K", "\x1b[0K"), part
        shown = "" if part == "\x1b[2K" else shown[:column]
    elif part:
        column = 0 if not shown else column
        shown = shown[:column] + part + shown[column + len(part):]
        column += len(part)
assert shown.strip() == "", shown
PYTHON
run python3 terminal.py "$SCAN" -d "$db" -r --no-summary t
expect_status 0
[[ $(wc -l <lines) -eq 302 ]] || fail "lines on stdout: $(wc -l <lines)"
! grep -q $'[\r\x1b]' lines || fail "progress on stdout"

scan -r --no-summary t
expect_silent
