#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What the kernel remembers: clean files are asked about once, until they change; a file that is
# open for writing never is remembered; what a mapping stores is seen when the writer closes.
set -eu
. "$(dirname "$0")/../support/lib.sh"
. "$support/watch.sh"
need_watch
m=$scratch/m
home=$m/home
configure </dev/null
for i in {1..50}; do echo "file $i" >"$home/f$i"; done
echo outside >"$m/outside/file"
cp "$home/f1" "$home/mapped"
sleep 0.2 # older than the file system's clock can be wrong
start_watch

read_all() { for i in {1..50}; do readable "$home/f$i"; done; }
read_all
marks=$(count marks)
[[ $marks -ge 50 ]] || fail "only $marks of 50 files are remembered"
events=$(count events)
read_all
[[ $(count events) -eq $events ]] || fail "the second reads raised events"

# A change by write(2) makes it forget.
make_eicar "$home/f1"
denied "$home/f1"
# So does a rename of another file to that name: the mark is the file's.
make_eicar "$home/other"
mv "$home/other" "$home/f2"
denied "$home/f2"
# Same size, times put back: the change time tells.
python3 - "$home/f3" <<'PY'
import os, sys
st = os.stat(sys.argv[1])
with open(sys.argv[1], 'r+b') as f:
    f.write(b'X')
os.utime(sys.argv[1], ns=(st.st_atime_ns, st.st_mtime_ns))
PY
scans=$(count scans)
readable "$home/f3"
[[ $(count scans) -gt $scans ]] || fail "a changed file was not scanned again"

# Outside: allowed at once, remembered after an idle worker has scanned it.
known() { [[ $(count background) -ge 1 && $(count marks) -gt $marks ]]; }
marks=$(count marks)
readable "$m/outside/file"
eventually known || fail "what is outside earns no mark"
events=$(count events)
readable "$m/outside/file"
[[ $(count events) -eq $events ]] || fail "it is asked about all the same"

# Outside and open for writing: no mark could come of a scan, so there is none.
echo more >"$m/outside/growing"
echo more >"$m/outside/other"
exec 8>>"$m/outside/growing"
sleep 0.2
background=$(count background)
marks=$(count marks)
readable "$m/outside/growing"
readable "$m/outside/other" # after it in the queue
earned() { [[ $(count marks) -gt $marks ]]; }
eventually earned || fail "what is outside earns no mark beside what is written"
exec 8>&-
[[ $(count background) -eq $((background + 1)) ]] ||
    fail "$(($(count background) - background)) scans in the background, not 1"

# Open for writing: scanned at each open, not remembered.
echo never read >"$home/growing"
exec 8>>"$home/growing"
sleep 0.2
unmarked=$(count unmarked)
readable "$home/growing"
readable "$home/growing"
[[ $(count unmarked) -ge $((unmarked + 2)) ]] || fail "a file that is open for writing was remembered"
exec 8>&-

# A mapping stores without an event. While the writer holds it, what was remembered stays so (this
# is the window that the manual tells of); once it closes, the file is scanned again.
python3 - "$home/mapped" "$(eicar)" <<'PY' || fail "stores through a mapping"
import mmap, os, sys
path, eicar = sys.argv[1], sys.argv[2].encode()
with open(path, 'wb') as f:
    f.write(b'a' * 68)
import time
time.sleep(0.2)
open(path, 'rb').read()           # remembered now
fd = os.open(path, os.O_RDWR)     # this open is not asked about any more
area = mmap.mmap(fd, 68)
area[:] = eicar
try:
    open(path, 'rb').read()       # the window
    seen = 'window'
except PermissionError:
    seen = 'denied'
print('while mapped:', seen)
area.close()
os.close(fd)
time.sleep(0.2)
try:
    open(path, 'rb').read()
    sys.exit('readable after the writer has closed')
except PermissionError:
    pass
PY

# New signatures: everything that was remembered is asked about again.
printf 'New-Signature:0:*:%s\n' "$(printf 'file 7' | od -An -v -tx1 | tr -d ' \n')" >"$db/new.ndb"
readable "$home/f7"
kill -USR2 "$(main_pid)"
logged 'Database correctly reloaded'
sleep 0.3
denied "$home/f7"
# The others, which were asked for lately, are scanned again without anybody waiting.
warm() { [[ $(count marks) -ge $((marks + 40)) ]]; }
marks=$(count marks)
kill -USR2 "$(main_pid)"
eventually warm || fail "after a reload only $(($(count marks) - marks)) files are known again"
events=$(count events)
for i in 20 30 40; do readable "$home/f$i"; done
[[ $(($(count events) - events)) -eq 0 ]] || fail "they are asked about all the same"
stop_watch

# Read for a check of the configuration: close-after-write is scanned where it is asked for.
configure <<CONF
OnAccessExtraScanning yes
CONF
start_watch
make_eicar "$home/late"
logged "$home/late: $infected FOUND"
