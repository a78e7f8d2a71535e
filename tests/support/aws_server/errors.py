# SPDX-License-Identifier: GPL-2.0-only
"""An error as a service sends it, in the three shapes that clients meet."""
import json
from xml.sax.saxutils import escape

# What the query protocol calls the errors that every service has: JSON name -> code, status.
QUERY_NAMES = {
    'UnrecognizedClientException': ('InvalidClientTokenId', 403),
    'InvalidSignatureException': ('SignatureDoesNotMatch', 403),
    'IncompleteSignatureException': ('IncompleteSignature', 400),
    'MissingAuthenticationTokenException': ('MissingAuthenticationToken', 403),
    'ExpiredTokenException': ('ExpiredToken', 403),
    'AccessDeniedException': ('AccessDenied', 403),
    'ThrottlingException': ('Throttling', 400),
    'SerializationException': ('MalformedInput', 400),
    'ServiceUnavailableException': ('ServiceUnavailable', 503),
    'UnknownOperationException': ('InvalidAction', 400),
}


class ServiceError(Exception):
    def __init__(self, code, message, status=400, headers=None, fields=None):
        super().__init__(f'{code}: {message}')
        self.code = code
        self.message = message
        self.status = status
        self.headers = headers or {}
        self.fields = fields or {}  # further members of a JSON error

    def json_answer(self, style):
        """Status, headers, body. Styles: `plain`, `prefix` (a namespace before the type), `header`
        (the type in x-amzn-ErrorType only, and `Message`)."""
        headers = dict(self.headers)
        body = dict(self.fields)
        if style == 'header':
            headers['x-amzn-ErrorType'] = f'{self.code}:http://internal.amazon.com/coral/'
            body['Message'] = self.message
        else:
            prefix = 'com.amazon.coral.service#' if style == 'prefix' else ''
            body['__type'] = prefix + self.code
            body['message'] = self.message
        return self.status, headers, json.dumps(body).encode()

    def query_name(self):
        return QUERY_NAMES.get(self.code, (self.code.removesuffix('Exception'), self.status))

    def query_code(self):
        """As x-amzn-query-error has it."""
        code, status = self.query_name()
        return f"{code};{'Sender' if status < 500 else 'Receiver'}"

    def query_answer(self, namespace):
        code, status = self.query_name()
        kind = 'Sender' if status < 500 else 'Receiver'
        body = (f'<ErrorResponse xmlns="{namespace}"><Error><Type>{kind}</Type>'
                f'<Code>{code}</Code><Message>{escape(self.message)}</Message></Error>'
                '<RequestId>00000000-0000-0000-0000-000000000000</RequestId></ErrorResponse>')
        return status, dict(self.headers), body.encode()
