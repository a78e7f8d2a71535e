#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
#
# torture-writer.py FILE SECONDS PREFIX: appends numbered lines as fast as a busy server does, and
# opens FILE again when it was moved away. Prints how many lines it has written.
import os
import sys
import time

path, seconds, prefix = sys.argv[1], float(sys.argv[2]), sys.argv[3]
# The new file is logrotate's to make: it moves one that is there already out of its way.
flags = os.O_WRONLY | os.O_APPEND
fd = os.open(path, flags)


def reopen():
    """Waits for the new file; where logrotate was ended before it made one, it is ours to make."""
    give_up = time.monotonic() + 2
    while True:
        try:
            return os.open(path, flags | (os.O_CREAT if time.monotonic() > give_up else 0), 0o644)
        except FileNotFoundError:
            if time.monotonic() > give_up + 10:
                raise  # the test has ended, and its directory is gone
            time.sleep(0.001)


number = 1 # line 0 was there before
end = time.monotonic() + seconds
while time.monotonic() < end:
    lines = ''.join(f'{prefix} {n:09d} a line of a log as long as they are\n'
                    for n in range(number, number + 100))
    os.write(fd, lines.encode())
    number += 100
    time.sleep(0.004)
    try:
        named = os.stat(path)
    except FileNotFoundError:
        named = None  # between the move and the new file
    if named is None or (named.st_dev, named.st_ino) != (os.fstat(fd).st_dev, os.fstat(fd).st_ino):
        os.close(fd)
        fd = reopen()
print(number)
