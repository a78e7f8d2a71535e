# SPDX-License-Identifier: GPL-2.0-only
"""Log groups and streams on disk: groups/NAME/group.json and groups/NAME/STREAM.jsonl, a stored
event a line. A server that is started on the same directory has them all again."""
import hashlib
import json
import os
import threading
import urllib.parse
from json.encoder import encode_basestring as quoted

from .state import append_to


def file_name(name):
    """A name of up to 512 characters as a file name."""
    text = urllib.parse.quote(name, safe=' ')
    if text.startswith('.'):
        text = '%2E' + text[1:]
    return text if len(text) <= 200 else \
        text[:120] + '~' + hashlib.sha256(name.encode()).hexdigest()


class Stream:
    def __init__(self, name, path, created):
        self.name, self.path, self.created = name, path, created
        self.lock = threading.Lock()
        self.count = self.stored_bytes = 0
        self.first = self.last = self.ingested = None
        for event in self.events() if os.path.exists(path) else ():
            self._count(event['timestamp'], event['timestamp'], 1, event['ingestionTime'])
        self.file = append_to(path)

    def _count(self, first, last, count, ingested):
        self.count += count
        self.first = first if self.first is None else min(first, self.first)
        self.last = last if self.last is None else max(last, self.last)
        self.ingested = ingested

    def append(self, stamps, messages, request, now):
        """All in one write: a killed server has stored the batch or not."""
        if not stamps:
            return
        with self.lock:
            tail = f',"request":{request},"ingestionTime":{now},"index":'
            text = ''.join([
                f'{{"timestamp":{stamp},"message":{message}{tail}{index}}}\n'
                for index, (stamp, message) in enumerate(zip(stamps, map(quoted, messages)),
                                                         self.count)])
            data = text.encode()
            if os.write(self.file, data) != len(data):
                raise OSError('disk full')
            self._count(stamps[0], stamps[-1], len(stamps), now)

    def events(self):
        with open(self.path, encoding='utf-8') as file:
            return [json.loads(line) for line in file if line.endswith('\n')]

    def close(self):
        os.close(self.file)


class Group:
    def __init__(self, directory, about):
        self.directory = directory
        self.about = about  # name, created, retention, tags, class, key, streams {name: created}
        self.streams = {name: self._stream(name, created)
                        for name, created in about['streams'].items()}

    def _stream(self, name, created):
        return Stream(name, os.path.join(self.directory, file_name(name) + '.jsonl'), created)

    def add_stream(self, name, created):
        self.about['streams'][name] = created
        self.streams[name] = self._stream(name, created)
        self.save()

    def remove_stream(self, name):
        stream = self.streams.pop(name)
        del self.about['streams'][name]
        stream.close()
        os.unlink(stream.path)
        self.save()

    def save(self):
        path = os.path.join(self.directory, 'group.json')
        with open(path + '.new', 'w', encoding='utf-8') as file:
            json.dump(self.about, file)
        os.rename(path + '.new', path)


class LogStore:
    def __init__(self, directory):
        self.directory = os.path.join(directory, 'groups')
        os.makedirs(self.directory, exist_ok=True)
        self.lock = threading.RLock()
        self.groups = {}
        for entry in sorted(os.listdir(self.directory)):
            path = os.path.join(self.directory, entry)
            try:
                with open(os.path.join(path, 'group.json'), encoding='utf-8') as file:
                    about = json.load(file)
            except FileNotFoundError:  # killed before it was complete
                continue
            self.groups[about['name']] = Group(path, about)

    def add(self, name, created, tags=None, key=None, kind=None):
        path = os.path.join(self.directory, file_name(name))
        os.makedirs(path, exist_ok=True)
        group = Group(path, {'name': name, 'created': created, 'retention': None,
                             'tags': tags or {}, 'class': kind, 'key': key, 'streams': {},
                             'filters': {}})
        group.save()
        self.groups[name] = group

    def remove(self, name):
        group = self.groups.pop(name)
        for stream in list(group.streams):
            group.remove_stream(stream)
        os.unlink(os.path.join(group.directory, 'group.json'))
        os.rmdir(group.directory)
