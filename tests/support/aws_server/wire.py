# SPDX-License-Identifier: GPL-2.0-only
"""HTTP/1.1 on sockets, small and strict, with the ways to break off that a server library hides."""
import email.utils
import http.client
import socket
import struct
import time
import uuid
from dataclasses import dataclass, field

MAX_LINE = 65536
MAX_BODY = 16 << 20  # far above what any service takes; what it takes is checked elsewhere
IDLE = 120           # seconds without a byte
HOLD = 600           # seconds that a request without an answer is held


class BadRequest(Exception):
    pass


@dataclass
class Request:
    method: str
    target: str
    headers: list  # (lower-case name, value), in order
    body: bytes = b''
    proxied: bool = False  # asked for as a proxy is

    @property
    def path(self):
        return self.target.split('?', 1)[0]

    def all(self, name):
        return [value for key, value in self.headers if key == name]

    def header(self, name, default=None):
        for key, value in self.headers:
            if key == name:
                return value
        return default


@dataclass
class Answer:
    status: int = 200
    headers: dict = field(default_factory=dict)
    body: bytes = b''
    fate: str = 'keep'  # keep, close (unannounced), reset, silent, cut (half of it)
    delay: float = 0    # seconds before the first byte
    rate: float = 0     # bytes a second, 0: at once
    request_id: bool = True


class Connection:
    """One accepted socket; used by one thread."""

    def __init__(self, sock):
        self.sock = sock
        self.proxy = None  # the target of a CONNECT that came through here
        sock.settimeout(IDLE)
        if sock.family != socket.AF_UNIX:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.file = sock.makefile('rb', 65536)

    def _line(self):
        line = self.file.readline(MAX_LINE)
        if not line:
            return None
        if not line.endswith(b'\r\n'):
            raise BadRequest('a line of the head does not end in CR LF')
        return line[:-2].decode('latin-1')

    def read_head(self):
        """The next request without its body; None at the end of the connection."""
        line = self._line()
        if line is None:
            return None
        words = line.split(' ')
        if len(words) != 3 or words[2] not in ('HTTP/1.1', 'HTTP/1.0'):
            raise BadRequest(f'request line: {line[:200]}')
        headers = []
        while line := self._line():
            name, colon, value = line.partition(':')
            if not colon or not name or name != name.strip():
                raise BadRequest(f'header line: {line[:200]}')
            headers.append((name.lower(), value.strip()))
        if line is None:
            raise BadRequest('the head ends early')
        target = words[1]
        proxied = target.startswith('http://')
        if proxied:
            target = '/' + target[7:].partition('/')[2]
        return Request(words[0], target, headers, proxied=proxied)

    def tunnel(self, context):
        """Says yes to a CONNECT and is the other end of the tunnel itself, with TLS."""
        self.sock.sendall(b'HTTP/1.1 200 Connection established\r\n\r\n')
        self.file.close()
        self.sock = context.wrap_socket(self.sock, server_side=True)
        self.file = self.sock.makefile('rb', 65536)

    def read_body(self, request):
        if request.header('expect', '').lower() == '100-continue':
            self.sock.sendall(b'HTTP/1.1 100 Continue\r\n\r\n')
        if request.header('transfer-encoding'):
            raise BadRequest('Transfer-Encoding: no AWS client sends one to these services')
        length = request.header('content-length', '0')
        if not length.isdigit() or int(length) > MAX_BODY or \
                len(request.all('content-length')) > 1:
            raise BadRequest(f'Content-Length: {length}')
        body = self.file.read(int(length))
        if len(body) < int(length):
            raise ConnectionError('the body ends early')
        request.body = body

    def send(self, answer, now):
        """Sends as the answer says; False when the connection is over."""
        if answer.delay:
            time.sleep(answer.delay)
        if answer.fate in ('reset', 'silent'):
            self.hold() if answer.fate == 'silent' else self.reset()
            return False
        reason = http.client.responses.get(answer.status, 'Unknown')
        head = [f'HTTP/1.1 {answer.status} {reason}',
                f'Date: {email.utils.formatdate(now, usegmt=True)}']
        headers = dict(answer.headers)
        if answer.request_id:
            headers.setdefault('x-amzn-RequestId', str(uuid.uuid4()))
        headers['Content-Length'] = str(len(answer.body))
        head += [f'{name}: {value}' for name, value in headers.items()]
        data = '\r\n'.join(head).encode('latin-1') + b'\r\n\r\n'
        if answer.fate == 'cut':
            self.sock.sendall(data + answer.body[:len(answer.body) // 2])
            return False
        data += answer.body
        if answer.rate:
            for byte in data:
                self.sock.sendall(bytes((byte,)))
                time.sleep(1 / answer.rate)
        else:
            self.sock.sendall(data)
        return answer.fate == 'keep' and headers.get('Connection') != 'close'

    def reset(self):
        """Ends with RST, as a crashed peer or a load balancer does. (On the plain socket: a TLS
        one would say goodbye first.)"""
        self.file.close()
        try:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
            socket.socket(fileno=self.sock.detach()).close()
        except OSError:
            pass

    def local_port(self):
        try:
            return self.sock.getsockname()[1]
        except OSError:
            return None

    def abort(self):
        """Breaks it off from another thread."""
        try:
            self.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def hold(self):
        """Never answers: waits until the client gives up."""
        self.sock.settimeout(HOLD)
        try:
            while self.sock.recv(65536):
                pass
        except OSError:
            pass

    def close(self):
        try:
            self.file.close()
            self.sock.close()
        except OSError:
            pass
