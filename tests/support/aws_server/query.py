# SPDX-License-Identifier: GPL-2.0-only
"""The query protocol: form fields to parameters and results to XML, both by the service's model."""
import datetime
import re
import urllib.parse
from xml.sax.saxutils import escape

CONTENT_TYPE = re.compile(r'application/x-www-form-urlencoded(; charset=utf-8)?')
VERSIONS = {'2010-08-01': 'cloudwatch', '2010-03-31': 'sns', '2011-06-15': 'sts'}
UNSIGNED = ('AssumeRoleWithWebIdentity', 'AssumeRoleWithSAML')


def namespace(call):
    if call.service is None:
        return ''
    return call.service.model.service.metadata.get('xmlNamespace', '')


def parse(call, services):
    """Sets service, operation and parameters, or refuses."""
    kind = call.request.header('content-type', '')
    if not CONTENT_TYPE.fullmatch(kind):
        call.refuse('SerializationException', 'unknown content type', f'Content-Type: {kind}')
    try:
        text = call.body.decode('ascii')
        pairs = urllib.parse.parse_qsl(text, keep_blank_values=True, strict_parsing=bool(text),
                                       errors='strict')
    except ValueError as error:
        call.refuse('SerializationException', 'malformed form', f'form: {error}')
    form = dict(pairs)
    if len(form) != len(pairs):
        call.refuse('SerializationException', 'a field twice', 'a form field is there twice')
    call.operation = form.pop('Action', '?')
    version = form.pop('Version', '?')
    call.service = services.get(VERSIONS.get(version))
    if call.service is None or not call.service.model.knows(call.operation):
        call.refuse('UnknownOperationException', 'unknown action',
                    f'Action {call.operation}, Version {version}')
    tree = {}
    for name, value in form.items():
        node = tree
        *parents, leaf = name.split('.')
        for part in parents:
            node = node.setdefault(part, {})
            if not isinstance(node, dict):
                call.refuse('SerializationException', 'malformed form', f'field {name}')
        node[leaf] = value
    shape = call.service.model.operation(call.operation).input_shape
    try:
        call.params = value_of(tree, shape) if shape else tree
    except (ValueError, AttributeError, TypeError, KeyError) as error:
        call.refuse('SerializationException', 'malformed form', f'form: {error!r}')


def ordered(tree):
    """The values of fields 1, 2, …, without a gap."""
    if sorted(map(int, tree)) != list(range(1, len(tree) + 1)):
        raise ValueError(f'list positions {sorted(tree)}')
    return [tree[str(i)] for i in range(1, len(tree) + 1)]


def value_of(tree, shape):
    kind = shape.type_name
    if kind == 'structure':
        names = {member.serialization.get('name', name): (name, member)
                 for name, member in shape.members.items()}
        return {names[k][0] if k in names else k: value_of(v, names[k][1]) if k in names else v
                for k, v in tree.items()}
    if kind == 'list':
        if tree == '':  # an empty list
            return []
        if not shape.serialization.get('flattened'):
            tree = tree[shape.member.serialization.get('name', 'member')]
        return [value_of(item, shape.member) for item in ordered(tree)]
    if kind == 'map':
        entries = ordered(tree if shape.serialization.get('flattened') else tree['entry'])
        return {value_of(e['key'], shape.key): value_of(e['value'], shape.value) for e in entries}
    if kind in ('integer', 'long'):
        return int(tree)
    if kind in ('double', 'float'):
        return float(tree)
    if kind == 'boolean':
        return {'true': True, 'false': False}[tree]
    return tree


def serialize(model, operation, result):
    """A result as XML. Lists may be of anything, dictionaries go by the model."""
    shape = model.operation(operation).output_shape
    inner = ''
    if shape is not None:
        inner = members(result, shape)
        wrapper = shape.serialization.get('resultWrapper')
        if wrapper:
            inner = f'<{wrapper}>{inner}</{wrapper}>'
    space = model.service.metadata.get('xmlNamespace', '')
    return (f'<{operation}Response xmlns="{space}">{inner}<ResponseMetadata><RequestId>'
            '00000000-0000-0000-0000-000000000000</RequestId></ResponseMetadata>'
            f'</{operation}Response>').encode()


def members(value, shape):
    return ''.join(element(shape.members[name].serialization.get('name', name), value[name],
                           shape.members[name]) for name in shape.members if name in value)


def element(name, value, shape):
    kind = shape.type_name
    if kind == 'structure':
        text = members(value, shape)
    elif kind == 'list':
        item = shape.member.serialization.get('name', 'member')
        text = ''.join(element(item, one, shape.member) for one in value)
    elif kind == 'map':
        text = ''.join('<entry>' + element('key', k, shape.key) + element('value', v, shape.value) +
                       '</entry>' for k, v in value.items())
    elif kind == 'boolean':
        text = 'true' if value else 'false'
    elif kind == 'timestamp' and isinstance(value, (int, float)):
        moment = datetime.datetime.fromtimestamp(value, datetime.timezone.utc)
        text = moment.strftime('%Y-%m-%dT%H:%M:%S.') + f'{moment.microsecond // 1000:03d}Z'
    else:
        text = escape(str(value))
    return f'<{name}>{text}</{name}>'
