#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Who writes while a file is scanned does not get a verdict of old content remembered: many times,
# a mapping that was dirty before the scan, stored to and closed at any moment around it. (A store
# into a page that is dirty already changes no time.)
set -eu
. "$(dirname "$0")/../support/lib.sh"
. "$support/watch.sh"
need_watch
home=$scratch/m/home
mkdir "$home/race"
make_eicar "$scratch/m/outside/eicar"
configure </dev/null
start_watch
cat >"$scratch/race.py" <<'PY'
import mmap, os, sys, threading, time
directory, sample = sys.argv[1:]
eicar = open(sample, 'rb').read()
left = []
for i in range(150):
    name = f'{directory}/{i}'
    fd = os.open(name, os.O_CREAT | os.O_RDWR)
    os.ftruncate(fd, len(eicar))
    area = mmap.mmap(fd, len(eicar))
    area[:] = b'a' * len(eicar)
    time.sleep(0.06)                    # now it counts as settled
    def read():
        try:
            open(name, 'rb').close()
        except PermissionError:
            pass
    reader = threading.Thread(target=read)
    reader.start()
    time.sleep((i % 30) * 0.0001)
    area[:] = eicar
    area.close()
    os.close(fd)
    reader.join()
    for tries in range(100):            # the writer's end is an event that nobody waits for
        try:
            open(name, 'rb').close()
            time.sleep(0.02)
        except PermissionError:
            break
    else:
        left.append(i)
print('remembered all the same:', left)
PY
run timeout 100 python3 "$scratch/race.py" "$home/race" "$scratch/m/outside/eicar"
expect_status 0
expect_line 'remembered all the same: []'

# The last descriptor of a writer is closed by one of us, whom it was sent.
cat >"$scratch/send.py" <<'PY'
import mmap, os, socket, sys, time
name, sample, door = sys.argv[1:]
eicar = open(sample, 'rb').read()
with open(name, 'wb') as f:
    f.write(b'a' * len(eicar))
time.sleep(0.3)
for i in range(2):
    open(name, 'rb').close()            # remembered
fd = os.open(name, os.O_RDWR)
area = mmap.mmap(fd, len(eicar))
s = socket.socket(socket.AF_UNIX)
s.settimeout(20)
s.connect(door)
area[:] = eicar
area.close()
s.sendall(b'zFILDES\0')
socket.send_fds(s, [b'\0'], [fd])
os.close(fd)
s.recv(1000)
s.close()
PY
run timeout 60 python3 "$scratch/send.py" "$home/sent" "$scratch/m/outside/eicar" "$sock"
expect_status 0
eventually sh -c '! cat "$1" >/dev/null 2>&1' - "$home/sent" || fail "it stays remembered as clean"
