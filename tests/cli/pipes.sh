#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Safe in a pipe: a line is out as soon as order allows, a list is read as it comes, and nobody
# goes on scanning for a reader that has left.
set -eu
. "$(dirname "$0")/../support/lib.sh"

make_eicar bad
echo clean >good

# The FOUND line is there while the scan waits for the list's next name.
start_fed
feed bad
await_line "bad: $eicar_found"
feed good
await_line "good: OK"
kill -0 "$pid" || fail "the scan has ended before its list has"
end_feed
expect_status 1
expect_match '^Infected files: 1$'

# The same from a pipe on stdin: scan works before find has ended.
mkfifo names
exec 9<>names
start "$SCAN" -d "$db" -i --files0-from=- <names
feed good bad
await_line "bad: $eicar_found"
end_feed
expect_status 1
expect_no_line "good: OK"

# And as people write it.
find . -maxdepth 1 -type f -print0 | "$SCAN" -d "$db" --no-summary --files0-from=- >"$out" || status=$?
expect_status 1
expect_line "./bad: $eicar_found"
expect_line "./good: OK"

# A reader that leaves: the next line ends the scan, although its list is open still.
mkfifo lines names2
exec 9<>names2 7<>lines 8<lines
setsid "$SCAN" -d "$db" --files0-from=names2 -j2 >lines 2>"$err" 7>&- 8<&- 9>&- &
pid=$!
started+=("$pid")
exec 7>&-
feed good
read -r line <&8
[[ $line = "good: OK" ]] || fail "first line '$line'"
exec 8<&-
feed bad
eventually gone "$pid" || fail "it goes on without a reader"
exec 9>&-
finish "$pid"

mkdir many
for ((i = 0; i < 300; i++)); do echo "$i" >"many/$i"; done
start bash -c '"$@" | head -n 1' - "$SCAN" -d "$db" -r many
finish "$pid"
[[ $(wc -l <"$out") -eq 1 ]] || fail "head -n 1 shows more than a line"
eventually gone "$pid" || fail "workers are left"
