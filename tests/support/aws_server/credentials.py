# SPDX-License-Identifier: GPL-2.0-only
"""Which access keys there are, with their secrets and session tokens.

Keys come from the command line or are issued (instance profile, container, AssumeRole). An issued
key says in itself when it expires, and its secret and token are made from it, so that it is still
known after a restart.
"""
import base64
import hashlib
import itertools
import os
import re
import time
from dataclasses import dataclass

DEFAULT = 'AKIAIOSFODNN7EXAMPLE:wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'
ISSUED = re.compile(r'ASIA([0-9A-F]{8})[0-9A-F]{8}')


@dataclass
class Key:
    identity: str
    secret: str
    token: str = ''
    expires: float = float('inf')  # by the server's clock

    def as_json(self):
        """As the metadata services and STS tell it."""
        return {'AccessKeyId': self.identity, 'SecretAccessKey': self.secret, 'Token': self.token,
                'Expiration': time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(self.expires))}


def digest(what, identity):
    raw = hashlib.sha384(f'{what}/{identity}'.encode()).digest()
    return base64.b64encode(raw).decode()


def issued_key(identity):
    match = ISSUED.fullmatch(identity)
    if not match:
        return None
    # A token holds every character that a signer or parser may trip over.
    token = 'tok/+' + digest('token', identity) + '=='
    return Key(identity, digest('secret', identity)[:40], token, int(match[1], 16))


class Keyring:
    def __init__(self, given):
        self.keys = {}
        for text in given or [DEFAULT]:
            self.add(*text.split(':'))
        self.revoked = set()
        self._counter = itertools.count(1)
        self._salt = os.getpid() & 0xffff

    def add(self, identity, secret, token=''):
        self.keys[identity] = Key(identity, secret, token)

    def issue(self, expires):
        number = self._salt << 16 | next(self._counter) & 0xffff
        return issued_key(f'ASIA{int(expires):08X}{number:08X}')

    def find(self, identity):
        return self.keys.get(identity) or issued_key(identity)

    def revoke(self, identity):
        """From now on its token has expired."""
        self.revoked.add(identity)

    def expired(self, key, now):
        return key.identity in self.revoked or now >= key.expires
