# SPDX-License-Identifier: GPL-2.0-only
"""The instance metadata service of EC2 (versions 1 and 2), and containers' credential endpoint.

What they tell is a dictionary that tests change through /_control: `imds` and `container`.
"""
import json
import re
import time

from .call import Route
from .errors import ServiceError
from .state import ACCOUNT
from .wire import Answer

TOKEN = '/latest/api/token'
TOKEN_HEADER = 'x-aws-ec2-metadata-token'
TTL_HEADER = 'x-aws-ec2-metadata-token-ttl-seconds'
CREDENTIALS = '/latest/meta-data/iam/security-credentials/'
DOCUMENT = '/latest/dynamic/instance-identity/document'
MODES = ('v2-only', 'v1-and-v2', 'v1-only', 'disabled', 'hop-limit')


def text(body, status=200):
    return Answer(status, {'Content-Type': 'text/plain', 'Server': 'EC2ws'}, body.encode(),
                  request_id=False)


class Vending:
    """Credentials as a role has them: the same ones until `rotate` seconds are over."""

    def __init__(self, state):
        self.state = state
        self.current = None
        self.until = 0

    def get(self, about):
        now = self.state.now()
        if self.current is None or now >= self.until or about.pop('renew', False) or \
                self.current.identity in self.state.keyring.revoked:
            expires = now + about['expires']
            self.current = self.state.keyring.issue(expires)
            self.until = now + about['rotate'] if about['rotate'] else expires
        return self.current.as_json()


class Imds(Route):
    def __init__(self, state):
        self.state = state
        self.tokens = {}
        self.vending = Vending(state)
        self.about = {
            'mode': 'v2-only', 'instance_id': 'i-0123456789abcdef0', 'region': 'eu-west-1',
            'local_ipv4': '10.20.30.40', 'hostname': 'ip-10-20-30-40.eu-west-1.compute.internal',
            'role': 'test-role', 'expires': 21600, 'rotate': 0, 'token_ttl': 21600}

    def identify(self, call):
        call.operation = 'imds-token' if call.request.path == TOKEN else 'imds'

    def check(self, call):
        mode = self.about['mode']
        call.notes.update(path=call.request.target, method=call.request.method)
        if call.request.header('x-forwarded-for') is not None or call.request.proxied:
            call.violation('the metadata service was asked through a proxy')
            raise ServiceError('Forbidden', '', 403)
        if mode == 'disabled':
            raise ServiceError('Forbidden', '', 403)
        if call.operation == 'imds-token':
            self._check_token_request(call, mode)
        elif call.request.method != 'GET':
            call.refuse('MethodNotAllowed', '', f'{call.request.method} {call.request.target}',
                        status=405)
        elif mode != 'v1-only':
            self._check_token(call, mode)

    def _check_token_request(self, call, mode):
        if mode == 'v1-only':
            raise ServiceError('NotFound', '', 404)
        ttl = call.request.header(TTL_HEADER, '')
        if call.request.method != 'PUT':
            call.refuse('MethodNotAllowed', '', f'{call.request.method} {TOKEN}', status=405)
        if not re.fullmatch(r'\d{1,5}', ttl) or not 1 <= int(ttl) <= 21600:
            call.refuse('BadRequest', '', f'{TTL_HEADER}: {ttl!r}', status=400)

    def _check_token(self, call, mode):
        token = call.request.header(TOKEN_HEADER)
        if token is None:
            call.notes.update(version=1)
            if mode != 'v1-and-v2':  # a client may try; tests that mind look at `version`
                raise ServiceError('Unauthorized', '', 401)
        elif self.tokens.get(token, 0) <= time.monotonic():
            if token not in self.tokens:
                call.violation(f'a metadata token that was never given: {token}')
            raise ServiceError('Unauthorized', '', 401)

    def apply(self, call):
        if self.about['mode'] == 'hop-limit' and call.operation == 'imds-token':
            return Answer(fate='silent')  # the packets with the answer die on their way
        if call.operation == 'imds-token':
            # A shorter life than asked for, where a test wants tokens to run out.
            ttl = min(int(call.request.header(TTL_HEADER)), self.about['token_ttl'])
            token = f'AQAAAtoken{call.number:08d}=='
            self.tokens[token] = time.monotonic() + ttl
            answer = text(token)
            answer.headers[TTL_HEADER] = str(ttl)
            return answer
        return self._get(call.request.path)

    def _get(self, path):
        about = self.about
        if path == CREDENTIALS + (about['role'] or '?'):
            keys = self.vending.get(about)
            return text(json.dumps({'Code': 'Success', 'LastUpdated': '2026-01-01T00:00:00Z',
                                    'Type': 'AWS-HMAC', **keys}, indent=2))
        if path == DOCUMENT:
            return text(json.dumps({
                'accountId': ACCOUNT, 'architecture': 'x86_64', 'version': '2017-09-30',
                'availabilityZone': about['region'] + 'a', 'imageId': 'ami-0', 'pendingTime':
                '2026-01-01T00:00:00Z', 'instanceId': about['instance_id'], 'instanceType':
                't3.micro', 'privateIp': about['local_ipv4'], 'region': about['region']}, indent=2))
        plain = {'instance-id': about['instance_id'], 'local-ipv4': about['local_ipv4'],
                 'local-hostname': about['hostname'], 'hostname': about['hostname'],
                 'placement/region': about['region'],
                 'placement/availability-zone': about['region'] + 'a',
                 'iam/security-credentials/': about['role'],
                 'iam/security-credentials': about['role']}
        value = plain.get(path.removeprefix('/latest/meta-data/'))
        return text(value) if value else text('<html>404 - Not Found</html>', 404)

    def render(self, call, error):
        return text(f'<html>{error.status}</html>', error.status)


class Container(Route):
    """GET /container/NAME with the right Authorization."""

    def __init__(self, state):
        self.vending = Vending(state)
        self.about = {'authorization': 'container-token', 'expires': 21600, 'rotate': 0}

    def identify(self, call):
        call.operation = 'container'

    def check(self, call):
        call.notes.update(path=call.request.target)
        if call.request.proxied:
            call.violation('the credential endpoint was asked through a proxy')
        given = call.request.header('authorization')
        wanted = self.about['authorization']
        if call.request.method != 'GET':
            call.refuse('MethodNotAllowed', '', call.request.method, status=405)
        if wanted and given != wanted:
            call.refuse('Unauthorized', 'wrong authorization', f'Authorization: {given!r}',
                        status=401)

    def apply(self, call):
        keys = {'RoleArn': f'arn:aws:iam::{ACCOUNT}:role/container',
                **self.vending.get(self.about)}
        return Answer(200, {'Content-Type': 'application/json'}, json.dumps(keys).encode(),
                      request_id=False)

    def render(self, call, error):
        body = json.dumps({'code': error.code, 'message': error.message}).encode()
        return Answer(error.status, {'Content-Type': 'application/json'}, body, request_id=False)
