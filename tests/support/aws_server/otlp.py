# SPDX-License-Identifier: GPL-2.0-only
"""A collector for OpenTelemetry logs: POST /v1/logs in the JSON encoding of OTLP/HTTP
(https://opentelemetry.io/docs/specs/otlp/#otlphttp), the shape of every member checked.

Records go to otlp.jsonl, one a line.
"""
import json
import os
import re

from .call import Route
from .errors import ServiceError
from .state import append_to
from .wire import Answer

U64 = re.compile(r'0|[1-9]\d{0,19}')
HEX = {'traceId': re.compile(r'([0-9a-fA-F]{32})?'), 'spanId': re.compile(r'([0-9a-fA-F]{16})?')}
# Members of each message of the protocol: name -> type.
RESOURCE = {'attributes': list, 'droppedAttributesCount': int}
SCOPE = {'name': str, 'version': str, 'attributes': list, 'droppedAttributesCount': int}
RECORD = {'timeUnixNano': str, 'observedTimeUnixNano': str, 'severityNumber': int,
          'severityText': str, 'body': dict, 'attributes': list, 'droppedAttributesCount': int,
          'flags': int, 'traceId': str, 'spanId': str, 'eventName': str}
VALUE = {'stringValue': str, 'boolValue': bool, 'intValue': str, 'doubleValue': (int, float),
         'arrayValue': dict, 'kvlistValue': dict, 'bytesValue': str}


class Malformed(Exception):
    pass


def demand(condition, where, what):
    if not condition:
        raise Malformed(f'{where}: {what}')


def members(value, types, where):
    demand(isinstance(value, dict), where, 'not an object')
    for name, member in value.items():
        demand(name in types, where, f'unknown member {name}')
        demand(isinstance(member, types[name]) and (types[name] is not int or member is not True),
               where, f'{name} is {member!r:.60}')
    return value


def any_value(value, where):
    members(value, VALUE, where)
    demand(len(value) == 1, where, f'{len(value)} values')
    (name, inner), = value.items()
    if name == 'intValue':
        demand(re.fullmatch(r'-?\d+', inner), where, f'intValue {inner}')
        return int(inner)
    if name == 'arrayValue':
        return [any_value(item, where) for item in inner.get('values', [])]
    if name == 'kvlistValue':
        return attributes(inner.get('values', []), where)
    return inner


def attributes(pairs, where):
    result = {}
    for pair in pairs:
        members(pair, {'key': str, 'value': dict}, where)
        demand(pair.get('key'), where, 'an attribute without a key')
        demand(pair['key'] not in result, where, f"attribute {pair['key']} twice")
        result[pair['key']] = any_value(pair.get('value', {}), where + '.' + pair['key'])
    return result


def record(value, where):
    members(value, RECORD, where)
    for name in ('timeUnixNano', 'observedTimeUnixNano'):
        demand(U64.fullmatch(value.get(name, '0')), where, f'{name} {value.get(name)}')
    demand(int(value.get('timeUnixNano', '0')) or int(value.get('observedTimeUnixNano', '0')),
           where, 'no time')
    demand(0 <= value.get('severityNumber', 0) <= 24, where, 'severityNumber')
    for name, pattern in HEX.items():
        demand(pattern.fullmatch(value.get(name, '')), where, name)
    demand('stringValue' in value.get('body', {}), where, 'no body.stringValue')
    return {'time': value.get('timeUnixNano'), 'observed': value.get('observedTimeUnixNano'),
            'severity': value.get('severityNumber'), 'message': any_value(value['body'], where),
            'attributes': attributes(value.get('attributes', []), where)}


def flat(request, resources, scopes, items, read):
    """What `read` makes of each item of each scope of each resource, with these beside it; the
    three are the names of the lists."""
    result = []
    for i, of_one in enumerate(members(request, {resources: list}, 'request').get(resources, [])):
        where = f'{resources}[{i}]'
        members(of_one, {'resource': dict, scopes: list, 'schemaUrl': str}, where)
        resource = members(of_one.get('resource', {}), RESOURCE, where + '.resource')
        about = attributes(resource.get('attributes', []), where + '.resource')
        for j, scoped in enumerate(of_one.get(scopes, [])):
            inner = f'{where}.{scopes}[{j}]'
            members(scoped, {'scope': dict, items: list, 'schemaUrl': str}, inner)
            scope = members(scoped.get('scope', {}), SCOPE, inner + '.scope')
            for k, one in enumerate(scoped.get(items, [])):
                result += [{**item, 'resource': about, 'scope': scope.get('name')}
                           for item in read(one, f'{inner}.{items}[{k}]')]
    demand(result, 'request', f'no {items}')
    return result


def records(request):
    """All log records of an ExportLogsServiceRequest."""
    return flat(request, 'resourceLogs', 'scopeLogs', 'logRecords',
                lambda one, where: [record(one, where)])


class Otlp(Route):
    """One signal: its path, what reads a request, its file, what its answers call a record."""

    def __init__(self, state, path='/v1/logs', read=records, file='otlp.jsonl',
                 rejects='rejectedLogRecords'):
        self.path, self.read, self.rejects = path, read, rejects
        self.operation = 'otlp' if path == '/v1/logs' else 'otlp-metrics'
        self.file = append_to(os.path.join(state.directory, file))

    def identify(self, call):
        call.operation = self.operation

    def check(self, call):
        request = call.request
        call.notes.update(path=request.target)
        if request.method != 'POST' or request.target != self.path:
            call.refuse('NotFound', 'no such thing', f'{request.method} {request.target}',
                        status=404)
        if request.all('content-type') != ['application/json']:
            call.refuse('Unsupported', 'unknown content type',
                        f"Content-Type: {request.all('content-type')}", status=415)
        call.decode_body()
        try:
            call.params = self.read(json.loads(call.body.decode('utf-8')))
        except (ValueError, Malformed, UnicodeDecodeError) as error:
            call.refuse('BadRequest', str(error), error)
        call.notes.update(events=len(call.params))

    def apply(self, call):
        rejected, why = call.otlp_rejected or (0, '')
        taken = call.params[:len(call.params) - rejected]
        os.write(self.file, ''.join(json.dumps({**one, 'request': call.number}, ensure_ascii=False)
                                    + '\n' for one in taken).encode())
        answer = {}
        if rejected:
            answer = {'partialSuccess': {self.rejects: str(rejected), 'errorMessage': why}}
        return Answer(200, {'Content-Type': 'application/json'}, json.dumps(answer).encode(),
                      request_id=False)

    def render(self, call, error: ServiceError):
        body = json.dumps({'code': 3 if error.status < 500 else 14, 'message': error.message})
        return Answer(error.status, {'Content-Type': 'application/json', **error.headers},
                      body.encode(), request_id=False)
