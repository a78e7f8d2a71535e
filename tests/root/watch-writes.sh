#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# However a file that is remembered as clean is written to, the next reader is denied, while the
# writer still has it open: write, splice, sendfile, copies inside the kernel, direct output. Of
# asynchronous output (io_submit) the kernel tells nobody, as of stores through a mapping
# (watch-marks.sh): both are seen when the writer closes.
set -eu
. "$(dirname "$0")/../support/lib.sh"
. "$support/watch.sh"
need_watch
home=$scratch/m/home
mkdir "$home/ways"
make_eicar "$scratch/m/outside/eicar"
configure </dev/null
start_watch
cat >"$scratch/ways.py" <<'PY'
"""Changes a file in every way; prints those after which it can be read."""
import ctypes, mmap, os, struct, sys, time
directory, sample = sys.argv[1:]
eicar = open(sample, 'rb').read()
libc = ctypes.CDLL(None, use_errno=True)

def aio(fd):
    context = ctypes.c_ulong(0)
    if libc.syscall(206, 8, ctypes.byref(context)):
        return False
    data = ctypes.create_string_buffer(eicar)
    block = struct.pack('<QIIHhIQQqQII', 0, 0, 0, 1, 0, fd, ctypes.addressof(data), len(eicar), 0, 0, 0, 0)
    block = ctypes.create_string_buffer(block, len(block))
    pointer = ctypes.c_void_p(ctypes.addressof(block))
    if libc.syscall(209, context, 1, ctypes.byref(pointer)) != 1:
        return False
    event = ctypes.create_string_buffer(32)
    return libc.syscall(208, context, 1, 1, event, None) == 1

def splice(fd):
    r, w = os.pipe()
    os.write(w, eicar)
    os.splice(r, fd, len(eicar)) if hasattr(os, 'splice') else libc.splice(r, None, fd, None, len(eicar), 0)
    return True

def direct(fd):
    again = os.open(f'/proc/self/fd/{fd}', os.O_RDWR | os.O_DIRECT)
    page = mmap.mmap(-1, 4096)
    page[:len(eicar)] = eicar
    os.pwritev(again, [page], 0)
    os.ftruncate(fd, len(eicar))
    held.append(again)
    return True

def source():
    return os.open(sample, os.O_RDONLY)

held = []
ways = {
    'write': lambda fd: os.write(fd, eicar),
    'pwritev': lambda fd: os.pwritev(fd, [eicar], 0),
    'sendfile': lambda fd: os.sendfile(fd, source(), 0, len(eicar)),
    'copy_file_range': lambda fd: os.copy_file_range(source(), fd, len(eicar)),
    'splice': splice,
    'direct': direct,
    'aio': aio,
}
names = {way: f'{directory}/{way}' for way in ways}
for name in names.values():
    with open(name, 'wb') as f:
        f.write(b'a' * len(eicar))
time.sleep(0.3)
for name in names.values():
    for i in range(2):
        open(name, 'rb').read()
for way, change in ways.items():
    fd = os.open(names[way], os.O_RDWR)
    held.append(fd)
    if not change(fd):
        print('cannot:', way)
        continue
    try:
        if open(names[way], 'rb').read() == eicar:
            print('readable:', way)
        else:
            print('unchanged:', way)
    except PermissionError:
        pass
PY
run timeout 60 python3 "$scratch/ways.py" "$home/ways" "$scratch/m/outside/eicar"
expect_status 0
grep -v '^readable: aio$' "$out" >"$scratch/rest" || true
[[ ! -s $scratch/rest ]] || fail "$(cat "$scratch/rest")"
# After the writers have closed, whatever they did.
for file in "$home"/ways/*; do
    eventually sh -c '! cat "$1" >/dev/null 2>&1' - "$file" || fail "$file can be read"
done
