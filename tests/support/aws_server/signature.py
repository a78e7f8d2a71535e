# SPDX-License-Identifier: GPL-2.0-only
"""Signature version 4 of a request, recomputed by botocore from what arrived on the wire."""
import calendar
import hashlib
import http.client
import re
import time

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

AUTHORIZATION = re.compile(
    r'AWS4-HMAC-SHA256 Credential=([^/,\s]+)/(\d{8})/([^/,\s]+)/([^/,\s]+)/aws4_request, ?'
    r'SignedHeaders=([a-z0-9;-]+), ?Signature=([0-9a-f]{64})')
STAMP = '%Y%m%dT%H%M%SZ'
REGION = re.compile(r'[a-z]{2,4}(-[a-z]+)+-\d')
WINDOW = 300  # seconds
ALWAYS_SIGNED = ('host', 'x-amz-date', 'content-type')
SIGNED_IF_SENT = ('x-amz-target', 'x-amz-security-token', 'content-encoding',
                  'x-amz-content-sha256')
MISMATCH = ('The request signature we calculated does not match the signature you provided. Check '
            'your AWS Secret Access Key and signing method. Consult the service documentation for '
            'details.')


class Verifier(SigV4Auth):
    """Signs exactly the headers that the client says it signed."""

    def __init__(self, key, service, region, names):
        super().__init__(Credentials(key.identity, key.secret), service, region)
        self.names = names

    def headers_to_sign(self, request):
        chosen = http.client.HTTPMessage()
        for name in self.names:
            chosen[name] = request.headers[name]
        return chosen

    def recompute(self, request, stamp):
        url = 'http://' + request.header('host', '') + request.target
        copy = AWSRequest(request.method, url, data=request.body)
        for name in self.names:
            copy.headers[name] = request.header(name)
        digest = hashlib.sha256(request.body).hexdigest()
        copy.headers['X-Amz-Content-SHA256'] = digest  # spares botocore a copy of the body
        copy.context['timestamp'] = stamp
        canonical = self.canonical_request(copy)
        return self.signature(self.string_to_sign(copy, canonical), copy), canonical, digest


def check_headers(call, names):
    request = call.request
    for name in names:
        if len(request.all(name)) != 1:
            call.refuse('InvalidSignatureException', MISMATCH,
                        f'signed header {name} is there {len(request.all(name))} times')
    if names != sorted(set(names)):
        call.refuse('InvalidSignatureException', MISMATCH, f'SignedHeaders not sorted: {names}')
    wanted = [name for name in ALWAYS_SIGNED if name != 'content-type' or request.body]
    wanted += [name for name in SIGNED_IF_SENT if request.header(name) is not None]
    for name in wanted:
        if name not in names:
            call.refuse('IncompleteSignatureException',
                        f"'{name}' must be a 'SignedHeader' in the AWS Authorization.",
                        f'header {name} is not signed')


def check_scope(call, day, region, service, stamp):
    wanted = call.service.signing_name
    if service != wanted:
        call.refuse('InvalidSignatureException', 'Credential should be scoped to correct service: '
                    f"'{wanted}'.", f'scope has service {service}, not {wanted}')
    regions = call.state.options.region
    if not (region in regions if regions else REGION.fullmatch(region)):
        call.refuse('InvalidSignatureException',
                    'Credential should be scoped to a valid region.', f'scope has region {region}')
    if stamp[:8] != day:
        call.refuse('InvalidSignatureException', 'Date in Credential scope does not match YYYYMMDD '
                    f'from ISO-8601 version of date from HTTP: \'{day}\' != \'{stamp[:8]}\'.',
                    f'scope has day {day}, x-amz-date {stamp}')


def clock_error(stamp, seconds, now):
    """The texts that clients read the skew from."""
    def at(moment):
        return time.strftime(STAMP, time.gmtime(moment))
    if seconds < now:
        return (f'Signature expired: {stamp} is now earlier than {at(now - WINDOW)} '
                f'({at(now)} - 5 min.)')
    return (f'Signature not yet current: {stamp} is still later than {at(now + WINDOW)} '
            f'({at(now)} + 5 min.)')


def check_clock(call, stamp):
    seconds = calendar.timegm(time.strptime(stamp, STAMP))
    now = call.state.now()
    if abs(seconds - now) > WINDOW:
        # Only a violation where the server's own clock is right.
        text = clock_error(stamp, seconds, now)
        call.refuse('InvalidSignatureException', text, None if call.state.clock_offset else text)


def check_token(call, key):
    token = call.request.header('x-amz-security-token', '')
    if token != key.token:
        call.refuse('UnrecognizedClientException',
                    'The security token included in the request is invalid.',
                    f'session token does not belong to {key.identity}')
    if call.state.keyring.expired(key, call.state.now()):
        call.refuse('ExpiredTokenException',
                    'The security token included in the request is expired', None)


def check(call):
    """Refuses the call unless it is signed as it must be; sets its access key and region."""
    request = call.request
    given = request.header('authorization')
    if given is None:
        call.refuse('MissingAuthenticationTokenException', 'Missing Authentication Token',
                    'no Authorization header')
    match = AUTHORIZATION.fullmatch(given)
    stamp = request.header('x-amz-date', '')
    if not match or not re.fullmatch(r'\d{8}T\d{6}Z', stamp):
        call.refuse('IncompleteSignatureException',
                    'Authorization header requires existence of either a \'X-Amz-Date\' or a '
                    f"'Date' header. Authorization={given}",
                    f'Authorization: {given}, X-Amz-Date: {stamp}')
    identity, day, region, service, names, signature = match.groups()
    call.key, call.region = identity, region
    check_headers(call, names.split(';'))
    check_scope(call, day, region, service, stamp)
    key = call.state.keyring.find(identity)
    if key is None:
        call.refuse('UnrecognizedClientException',
                    'The security token included in the request is invalid.',
                    f'access key {identity} is unknown')
    wanted, canonical, digest = Verifier(key, service, region, names.split(';')).recompute(
        request, stamp)
    if request.header('x-amz-content-sha256', digest) != digest:
        call.refuse('InvalidSignatureException', MISMATCH, 'x-amz-content-sha256 is not the hash')
    if wanted != signature:
        call.refuse('InvalidSignatureException', MISMATCH + '\n\nThe Canonical String for this '
                    f"request should have been\n'{canonical}'",
                    f'signature {signature}, not {wanted}; canonical request {canonical!r}')
    check_clock(call, stamp)
    check_token(call, key)
