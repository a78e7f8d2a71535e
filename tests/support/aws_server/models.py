# SPDX-License-Identifier: GPL-2.0-only
"""botocore's service models: what parameters an operation has and what they may hold."""
import functools
import re

from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.validate import ParamValidator

# Parameters that the services took on after Debian's botocore 1.29: operation -> name -> values.
NEWER = {'CreateLogGroup': {'logGroupClass': ('STANDARD', 'INFREQUENT_ACCESS', 'DELIVERY')},
         'PutMetricFilter': {'applyOnTransformedLogs': (True, False)}}


@functools.cache
def compiled(pattern):
    """A model's pattern; they are written for Java."""
    for java, python in ((r'\p{L}', r'\w'), (r'\p{Z}', r'\s'), (r'\p{N}', r'\d'),
                         (r'\p{Alnum}', '0-9A-Za-z'), (r'\p{Graph}', '!-~')):
        pattern = pattern.replace(java, python)
    return re.compile(rf'\A(?:{pattern})\Z', re.DOTALL if pattern == '.*' else 0)


class StrictValidator(ParamValidator):
    """botocore's own validator leaves maxima, patterns and enumerations to the service."""

    def _validate_string(self, param, shape, errors, name):
        super()._validate_string(param, shape, errors, name)
        if not isinstance(param, str):
            return
        if len(param) > shape.metadata.get('max', len(param)):
            errors.report(name, 'invalid length', param=param[:100], min_allowed=0)
        if getattr(shape, 'enum', None) and param not in shape.enum:
            errors.report(name, 'invalid type', param=param, valid_types=list(shape.enum))
        pattern = shape.metadata.get('pattern', '.*')
        if not compiled(pattern).search(param):
            errors.report(name, 'invalid type', param=param[:100], valid_types=[pattern])

    def _validate_list(self, param, shape, errors, name):
        super()._validate_list(param, shape, errors, name)
        if isinstance(param, list) and len(param) > shape.metadata.get('max', len(param)):
            errors.report(name, 'invalid length', param=len(param), min_allowed=0)

    def _validate_integer(self, param, shape, errors, name):
        if isinstance(param, bool):
            errors.report(name, 'invalid type', param=param, valid_types=['int'])
        super()._validate_integer(param, shape, errors, name)
        if isinstance(param, int) and param > shape.metadata.get('max', param):
            errors.report(name, 'invalid range', param=param, min_allowed=0)

    _validate_long = _validate_integer


class Model:
    """One service, loaded when it is first asked for."""

    def __init__(self, name):
        self.name = name
        self._service = None

    def load(self):
        if self._service is None:
            self._service = ServiceModel(Loader().load_service_model(self.name, 'service-2'))
        return self._service

    service = property(load)

    def knows(self, operation):
        return operation in self.service.operation_names

    def operation(self, name):
        return self.service.operation_model(name)

    def problem(self, operation, params):
        """What is wrong with the parameters, as (kind, text), or None. Kind is `type` for what a
        deserializer trips over, else `value`."""
        shape = self.operation(operation).input_shape
        if not isinstance(params, dict):
            return 'type', 'the body is not a JSON object'
        known = dict(params)
        for name, values in NEWER.get(operation, {}).items():
            if name in known and name not in shape.members and known.pop(name) not in values:
                return 'value', f'{name} is none of {values}'
        if shape is None:
            return ('value', f'parameters: {list(known)}') if known else None
        report = StrictValidator().validate(known, shape)
        if not report.has_errors():
            return None
        text = report.generate_report()
        return ('type' if 'valid types: <class' in text else 'value'), text
