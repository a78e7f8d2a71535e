# SPDX-License-Identifier: GPL-2.0-only
"""One request on its way through the checks, and what is recorded of it."""
import zlib

from .errors import ServiceError
from .wire import MAX_BODY, Answer


class Call:
    def __init__(self, state, request, connection_number):
        self.state = state
        self.request = request
        self.number = state.next_number()
        self.connection = connection_number
        self.operation = '?'
        self.route = None    # what checks, applies and renders it
        self.service = None
        self.params = {}
        self.body = b''      # without its Content-Encoding
        self.key = self.region = None
        self.notes = {}      # further members of the recorded line
        self.batch = None    # of PutLogEvents
        self.fault = None
        # What faults want of apply().
        self.forced_rejection = None
        self.otlp_rejected = None

    def violation(self, text):
        self.notes.setdefault('violations', []).append(str(text)[:300])
        self.state.violation(self.number, self.operation, text)

    def refuse(self, code, message, violation, **more):
        """Answers with an error; a violation besides unless None."""
        if violation is not None:
            self.violation(violation)
        raise ServiceError(code, message, **more)

    def decode_body(self):
        """The body without gzip, which must be one whole stream and nothing after it."""
        encoding = self.request.header('content-encoding')
        self.body = self.request.body
        if encoding is None:
            return
        if encoding != 'gzip':
            self.refuse('SerializationException', 'unknown encoding',
                        f'Content-Encoding: {encoding}')
        try:
            stream = zlib.decompressobj(31)
            self.body = stream.decompress(self.request.body, MAX_BODY)
        except zlib.error as error:
            self.refuse('SerializationException', 'the body is not gzip', f'gzip: {error}')
        if not stream.eof or stream.unused_data:
            self.refuse('SerializationException', 'the body is not gzip',
                        'gzip: cut short, too large, or followed by something')

    def record(self, answer, error):
        self.state.record({
            'n': self.number, 'op': self.operation, 'status': answer.status, 'error': error,
            'fault': self.fault, 'fate': answer.fate, 'key': self.key, 'region': self.region,
            'connection': self.connection, 'time': round(self.state.now(), 3),
            'host': self.request.header('host'), 'agent': self.request.header('user-agent'),
            'wire': len(self.request.body), 'bytes': len(self.body),
            'encoding': self.request.header('content-encoding'), **self.notes})


class Route:
    """Something that requests are for. check() looks at everything and changes nothing, so that a
    fault can come between it and apply()."""

    def check(self, call):
        """Raises ServiceError; violations are recorded on the way."""

    def apply(self, call):
        """Does it, and returns the Answer."""
        raise NotImplementedError

    def render(self, call, error):
        """The answer to a ServiceError."""
        status, headers, body = error.json_answer('plain')
        return Answer(status, {'Content-Type': 'application/json', **headers}, body)
