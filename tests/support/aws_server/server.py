# SPDX-License-Identifier: GPL-2.0-only
"""Listeners, connections, and where each request goes."""
import itertools
import json
import os
import socket
import ssl
import threading
import time

from .call import Call, Route
from .errors import ServiceError
from .wire import Answer, BadRequest, Connection


class Control(Route):
    """GET and POST /_control: what tests set and ask while the server runs. Never recorded."""

    def __init__(self, server):
        self.server = server

    def identify(self, call):
        call.operation = '_control'

    def apply(self, call):
        server = self.server
        wish = json.loads(call.request.body or b'{}')
        if 'fault' in wish:
            server.faults.add(wish)
        for rule in wish.get('faults', ()):
            server.faults.add(rule)
        if wish.get('clear'):
            server.faults.clear()
        if 'clock_offset' in wish:
            server.state.clock_offset = wish['clock_offset']
        if 'add_key' in wish:  # "ID:SECRET[:TOKEN]"
            server.state.keyring.add(*wish['add_key'].split(':'))
        if 'revoke' in wish:
            server.state.keyring.revoke(wish['revoke'])
        if 'confirm' in wish:  # an endpoint of subscriptions, or *
            server.sns.confirm(wish['confirm'])
        if 'refuse' in wish:
            server.refuse_connections(wish['refuse'])
        for part, settings in server.settings.items():
            unknown = set(wish.get(part, {})) - set(settings.about) - {'renew'}
            if unknown:
                raise ServiceError('BadRequest', f'{part}: {unknown}')
            settings.about.update(wish.get(part, {}))
        about = {'faults': server.faults.pending(),
                 'light': [[*name, *sums] for name, sums in server.logs.light.items()]}
        return Answer(200, {'Content-Type': 'application/json'}, json.dumps(about).encode())


class Nowhere(Route):
    def identify(self, call):
        call.operation = 'nowhere'

    def check(self, call):
        call.refuse('NotFound', 'no such thing', f'{call.request.method} {call.request.target}',
                    status=404)


class Server:
    """`settings`: objects whose dictionary `about` tests may change, by name."""

    def __init__(self, state, faults, logs, routes, settings, sns):
        self.state = state
        self.faults = faults
        self.logs = logs
        self.sns = sns
        self.settings = {**settings, 'imds': routes['imds'], 'container': routes['container']}
        self.routes = {'control': Control(self), 'nowhere': Nowhere(), **routes}
        self.numbers = itertools.count(1)
        self.open = {}  # connection number -> Connection of the service listener
        state.refuse_connections = self.refuse_connections
        self.service = None

    def route(self, request):
        path = request.path
        if path == '/_control':
            return self.routes['control']
        if path == '/' and request.method == 'POST':
            return self.routes['aws']
        for prefix, name in (('/latest/', 'imds'), ('/container/', 'container'),
                             ('/v1/logs', 'otlp'), ('/v1/metrics', 'otlp-metrics')):
            if path.startswith(prefix) and name in self.routes:
                return self.routes[name]
        return self.routes['nowhere']

    # --- one connection

    def serve(self, sock, context):
        number = next(self.numbers)
        connection = None
        try:
            sock.settimeout(20)
            if context:
                sock = context.wrap_socket(sock, server_side=True)
            connection = self.open[number] = Connection(sock)
            while self.serve_one(connection, number):
                pass
        except BadRequest as error:
            self.state.violation(0, 'http', error)
            self._try_send(connection, Answer(400, {'Connection': 'close'}, str(error).encode()))
        except (OSError, ValueError):  # ValueError: the file was closed by a reset
            pass
        finally:
            self.open.pop(number, None)
            (connection or sock).close()

    def _try_send(self, connection, answer):
        try:
            connection.send(answer, self.state.now())
        except OSError:
            pass

    def serve_one(self, connection, number):
        request = connection.read_head()
        if request is None:
            return False
        if request.method == 'CONNECT':
            return self.connect(connection, request, number)
        call = Call(self.state, request, number)
        call.route = self.route(request)
        call.route.identify(call)
        proxy = connection.proxy or ('absolute' if request.proxied else None)
        if proxy:
            call.notes.update(proxy=proxy, proxy_auth=request.header('proxy-authorization'))
        if call.operation == '_control':
            connection.read_body(request)
            try:
                answer = call.route.apply(call)
            except (ServiceError, ValueError, TypeError) as error:
                answer = Answer(400, {}, f'{error}\n'.encode())
            return connection.send(answer, time.time())
        rule = self.faults.pick(call, head=True)
        if rule:
            answer, error = Answer(fate='reset'), None
        else:
            connection.read_body(request)
            answer, error = self.answer(call)
        if request.header('connection', '').lower() == 'close':
            answer.headers['Connection'] = 'close'
        call.record(answer, error)
        return connection.send(answer, self.state.now())

    def connect(self, connection, request, number):
        """As a proxy for https; whatever the host, the services here are meant."""
        call = Call(self.state, request, number)
        call.operation, call.route = 'proxy-connect', Nowhere()
        call.notes.update(path=request.target, proxy_auth=request.header('proxy-authorization'))
        context = self.service[2]
        rule = self.faults.pick(call, head=False)
        answer = Answer(502, {'Connection': 'close'})
        if rule:
            try:
                answer = self.faults.act({'apply': False, **rule}, call)
            except ServiceError as error:
                answer = call.route.render(call, error)
        elif context:
            call.record(Answer(200), None)
            connection.tunnel(context)
            connection.proxy = request.target
            return True
        call.record(answer, None)
        return connection.send(answer, self.state.now())

    def answer(self, call):
        """Checks, faults, effect: the Answer and the error's code or None."""
        try:
            call.route.check(call)
            rule = self.faults.pick(call, head=False)
            return (self.faults.act(rule, call) if rule else call.route.apply(call)), None
        except ServiceError as error:
            return call.route.render(call, error), error.code
        except Exception as error:  # pylint: disable=broad-exception-caught
            # A mistake of the stand-in must not look like one of the service.
            call.violation(f'the stand-in failed: {error!r}')
            if self.state.options.debug:
                raise
            return Answer(500, {}, b'{}'), repr(error)

    # --- listeners

    def listen(self, port, context):
        """Accepts on a port of 127.0.0.1 (0: any free one) until the end; returns the port."""
        address = self.state.options.bind
        family = socket.AF_INET6 if ':' in address else socket.AF_INET
        listener = socket.create_server((address, port), family=family, backlog=512)
        threading.Thread(target=self._accept, args=(listener, context), daemon=True).start()
        return listener, listener.getsockname()[1]

    def _accept(self, listener, context):
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:  # closed for a while
                return
            threading.Thread(target=self.serve, args=(sock, context), daemon=True).start()

    def start(self):
        """Both listeners; writes their ports to the files `port` and `metadata-port`."""
        context = None
        options = self.state.options
        if options.tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*options.tls)
        listener, port = self.listen(options.port, context)
        self.service = listener, port, context
        _, metadata = self.listen(options.metadata_port, None)
        for name, value in (('metadata-port', metadata), ('port', port)):
            path = os.path.join(self.state.directory, name)
            with open(path + '.new', 'w', encoding='utf-8') as file:
                file.write(f'{value}\n')
            os.rename(path + '.new', path)

    def refuse_connections(self, seconds):
        """The service's port is closed for a while, connections to it are reset."""
        listener, port, context = self.service
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for connection in list(self.open.values()):
            if connection.local_port() == port:
                connection.abort()

        def again():
            time.sleep(seconds)
            while True:  # somebody may have the port for a moment
                try:
                    self.service = (*self.listen(port, context), context)
                    return
                except OSError:
                    time.sleep(0.1)
        threading.Thread(target=again, daemon=True).start()
