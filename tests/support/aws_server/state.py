# SPDX-License-Identifier: GPL-2.0-only
"""What the whole server shares: the directory, the clock, the records that tests read.

Everything is written with one unbuffered append each, so that a killed server leaves whole lines
and a restarted one goes on in the same directory.
"""
import json
import os
import threading
import time

ACCOUNT = '123456789012'


def append_to(path):
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)


class JsonFile:
    """A value that is kept in a file of the server's directory."""

    def __init__(self, state, name, value=None):
        self.path = os.path.join(state.directory, name)
        self.lock = threading.RLock()
        self.value = {} if value is None else value
        if os.path.exists(self.path):
            with open(self.path, encoding='utf-8') as file:
                self.value = json.load(file)

    def save(self):
        with open(self.path + '.new', 'w', encoding='utf-8') as file:
            json.dump(self.value, file)
        os.rename(self.path + '.new', self.path)


class State:
    def __init__(self, options):
        self.options = options
        self.directory = options.dir
        self.lock = threading.RLock()
        self.clock_offset = options.clock_offset
        self.started = time.time()
        self._number = self._first_number()
        self._requests = append_to(os.path.join(self.directory, 'requests'))
        self._violations = append_to(os.path.join(self.directory, 'violations'))
        self.listeners = []

    def _first_number(self):
        """Request numbers are never used twice: every start has a million of its own."""
        starts = append_to(os.path.join(self.directory, 'starts'))
        os.write(starts, b'%d\n' % os.getpid())
        os.close(starts)
        with open(os.path.join(self.directory, 'starts'), 'rb') as file:
            return (len(file.readlines()) - 1) * 1000000

    def now(self):
        """Seconds since the epoch by the server's clock, which may be wrong on purpose."""
        return time.time() + self.clock_offset

    def next_number(self):
        with self.lock:
            self._number += 1
            return self._number

    def record(self, entry):
        os.write(self._requests, json.dumps(entry).encode() + b'\n')

    def violation(self, number, operation, text):
        text = ' '.join(str(text).split())[:2000]
        os.write(self._violations, f'{number} {operation}: {text}\n'.encode('utf-8', 'replace'))
