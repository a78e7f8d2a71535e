# SPDX-License-Identifier: GPL-2.0-only
"""The AWS protocols: JSON 1.0 and 1.1 by X-Amz-Target, query by Action; checks that all services
share."""
import json

from . import query, signature
from .call import Route
from .errors import ServiceError
from .models import Model
from .wire import Answer


class Service:
    """A service, and the object that does its operations: put_log_events(call) -> dict or None for
    PutLogEvents, after check_put_log_events(call) where it has that."""

    def __init__(self, model, signing_name, handlers, *, target=None, content_type=None,
                 value_error='InvalidParameterException'):
        self.model = Model(model)
        self.signing_name = signing_name
        self.target = target              # what X-Amz-Target begins with
        self.content_type = content_type  # of the JSON protocol
        self.handlers = handlers          # object with a method per operation, as botocore names it
        self.value_error = value_error    # the code for a parameter that is out of its range

    def handler(self, operation):
        name = ''.join('_' + c.lower() if c.isupper() else c for c in operation).lstrip('_')
        return getattr(self.handlers, name, None)

    def checker(self, operation):
        name = ''.join('_' + c.lower() if c.isupper() else c for c in operation)
        return getattr(self.handlers, 'check' + name, None)


def refuse_constant(name):
    raise ValueError(f'{name} is no JSON')


def parse_json(call):
    try:
        return json.loads(call.body.decode('utf-8'), parse_constant=refuse_constant)
    except ValueError as error:
        return call.refuse('SerializationException', f'the body is not JSON: {error}', error)


class AwsRoute(Route):
    """POST / of every service."""

    def __init__(self, services):
        self.by_target = {s.target: s for s in services if s.target}
        self.by_model = {s.model.name: s for s in services}

    def identify(self, call):
        """Before the body is there: what the operation is called."""
        target = call.request.header('x-amz-target')
        if target:
            prefix, _, call.operation = target.rpartition('.')
            call.service = self.by_target.get(prefix)

    def check(self, call):
        if call.request.header('x-amz-target') is None:
            return self._check_query(call)
        if call.service is None or not call.service.model.knows(call.operation):
            call.refuse('UnknownOperationException', 'unknown operation',
                        f"X-Amz-Target: {call.request.header('x-amz-target')}")
        signature.check(call)
        call.decode_body()
        if call.request.header('content-type') != call.service.content_type:
            call.refuse('SerializationException', 'unknown content type',
                        f"Content-Type: {call.request.header('content-type')}")
        return self._check_operation(call)

    def _check_query(self, call):
        call.decode_body()
        query.parse(call, self.by_model)
        if call.operation not in query.UNSIGNED:
            signature.check(call)
        return self._check_operation(call)

    def _check_operation(self, call):
        handler = call.service.handler(call.operation)
        if handler is None:
            call.refuse('UnknownOperationException', 'not known to the stand-in',
                        'the stand-in does not have this operation')
        checker = call.service.checker(call.operation)
        if checker:  # one that knows better than the model, and how to be fast
            return checker(call)
        if call.service.target and call.request.header('x-amz-target'):
            call.params = parse_json(call)
        return check_params(call, call.params)

    def apply(self, call):
        result = call.service.handler(call.operation)(call) or {}
        if call.request.header('x-amz-target'):
            return Answer(200, {'Content-Type': call.service.content_type},
                          json.dumps(result).encode())
        body = query.serialize(call.service.model, call.operation, result)
        return Answer(200, {'Content-Type': 'text/xml'}, body)

    def render(self, call, error):
        if call.request.header('x-amz-target') is None:
            status, headers, body = error.query_answer(query.namespace(call))
            return Answer(status, {'Content-Type': 'text/xml', **headers}, body)
        status, headers, body = error.json_answer(call.state.options.error_style)
        if call.request.header('x-amzn-query-mode') == 'true':
            headers['x-amzn-query-error'] = error.query_code()
        kind = call.service.content_type if call.service else 'application/x-amz-json-1.1'
        return Answer(status, {'Content-Type': kind, **headers}, body)


def check_params(call, params):
    """The model's word on the parameters."""
    problem = call.service.model.problem(call.operation, params)
    if problem:
        kind, text = problem
        code = 'SerializationException' if kind == 'type' else call.service.value_error
        call.refuse(code, f'1 validation error detected: {text}', text)


def invalid(message):
    return ServiceError('InvalidParameterException', message)
