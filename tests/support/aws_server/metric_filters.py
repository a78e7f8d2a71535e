# SPDX-License-Identifier: GPL-2.0-only
"""Metric filters of CloudWatch Logs: kept with their group, and applied to what is put there, so
that a shipped line becomes a datum. Only terms and one regular expression are matched here: the
whole language is the business of others, and this must not be a second implementation of it."""
import re
from collections import Counter

from .errors import ServiceError
from .logs_read import paged, simple_filter
from .put_log_events import refuse_value
from .service import check_params, invalid, parse_json

MAX_FILTERS = 100
MAX_REGEXES = 5      # patterns with a regular expression, of one group
REGEX = re.compile(r'%(.+?)%')
ALLOWED = re.compile(r"(?:[A-Za-z0-9 :_#=@/;,\-^$?\[\]{}|*+.'\"&<>]|\\.)*", re.DOTALL)
NUMBER = re.compile(r'-?\d+(\.\d+)?([eE][+-]?\d+)?')
NAME = re.compile(r'[^:*$]{1,255}')


def matcher(pattern):
    """A function of a message, or None where the pattern is beyond this."""
    if len(pattern) > 2 and pattern[0] == pattern[-1] == '%':
        expression = re.compile(pattern[1:-1], re.ASCII)
        return lambda message: expression.search(message) is not None
    try:
        return simple_filter(pattern)
    except ServiceError:
        return None


class MetricFilters:
    """The part of Logs that has them; `self.metrics` takes the data."""

    metrics = None

    def check_put_metric_filter(self, call):
        call.params = parse_json(call)
        check_params(call, call.params)
        params = call.params
        call.notes.update(group=params['logGroupName'], filter=params['filterName'])
        for regex in REGEX.findall(params['filterPattern']):
            if not ALLOWED.fullmatch(regex):
                refuse_value(call, f'Invalid metric filter pattern: regex {regex!r}')
        transformation, = params['metricTransformations']
        for name in ('metricName', 'metricNamespace'):
            if not NAME.fullmatch(transformation[name]):
                refuse_value(call, f'{name} {transformation[name]!r}')
        if transformation['metricNamespace'].startswith('AWS/'):
            refuse_value(call, 'namespaces of AWS are reserved')
        value = transformation['metricValue']
        if not NUMBER.fullmatch(value) and not value.startswith('$'):
            refuse_value(call, f'metricValue {value!r} is neither a number nor a field')
        dimensions = transformation.get('dimensions', {})
        if dimensions and 'defaultValue' in transformation:
            refuse_value(call, 'Invalid metric transformation: dimensions and default value are '
                         'mutually exclusive properties.')
        if len(dimensions) > 3 or not all(v.startswith('$') for v in dimensions.values()):
            refuse_value(call, f'dimensions {dimensions}')

    def put_metric_filter(self, call):
        params = call.params
        with self.store.lock:
            group = self.group(params['logGroupName'])
            filters = group.about['filters']
            others = [f for name, f in filters.items() if name != params['filterName']]
            if len(others) >= MAX_FILTERS or REGEX.search(params['filterPattern']) and sum(
                    bool(REGEX.search(f['filterPattern'])) for f in others) >= MAX_REGEXES:
                raise ServiceError('LimitExceededException', 'Resource limit exceeded.')
            filters[params['filterName']] = {
                'filterName': params['filterName'], 'filterPattern': params['filterPattern'],
                'metricTransformations': params['metricTransformations'],
                'creationTime': self.now(), 'logGroupName': params['logGroupName']}
            group.save()

    def describe_metric_filters(self, call):
        params = call.params
        if ('metricName' in params) != ('metricNamespace' in params):
            raise invalid('metricName and metricNamespace go together')
        groups = [self.group(params['logGroupName'])] if 'logGroupName' in params else \
            [group for _, group in sorted(self.store.groups.items())]
        found = []
        for group in groups:
            for name, one in sorted(group.about['filters'].items()):
                metric = one['metricTransformations'][0]
                if name.startswith(params.get('filterNamePrefix', '')) and \
                        params.get('metricName', metric['metricName']) == metric['metricName'] and \
                        params.get('metricNamespace', metric['metricNamespace']) == \
                        metric['metricNamespace']:
                    found.append(one)
        return paged(found, call, 'metricFilters', 50)

    def delete_metric_filter(self, call):
        with self.store.lock:
            group = self.group(call.params['logGroupName'])
            if group.about['filters'].pop(call.params['filterName'], None) is None:
                raise ServiceError('ResourceNotFoundException',
                                   'The specified metric filter does not exist.')
            group.save()

    def test_metric_filter(self, call):
        matches = matcher(call.params['filterPattern'])
        if matches is None:
            raise invalid('the stand-in only knows terms and one regular expression')
        return {'matches': [{'eventNumber': number, 'eventMessage': message, 'extractedValues': {}}
                            for number, message in enumerate(call.params['logEventMessages'], 1)
                            if matches(message)]}

    def feed_filters(self, call, group, stamps, messages):
        """A datum a minute for each filter of the group whose value is a number."""
        for one in group.about['filters'].values():
            metric = one['metricTransformations'][0]
            matches = matcher(one['filterPattern'])
            if matches is None or not NUMBER.fullmatch(metric['metricValue']):
                continue
            minutes = Counter(stamp // 60000 * 60 for stamp, message in zip(stamps, messages)
                              if matches(message))
            data = [{'MetricName': metric['metricName'], 'Timestamp': minute,
                     'Unit': metric.get('unit', 'None'),
                     'Values': [float(metric['metricValue'])], 'Counts': [count]}
                    for minute, count in sorted(minutes.items())]
            if 'defaultValue' in metric:  # for minutes with events of which none matches
                data += [{'MetricName': metric['metricName'], 'Timestamp': minute,
                          'Unit': metric.get('unit', 'None'), 'Value': metric['defaultValue']}
                         for minute in sorted({s // 60000 * 60 for s in stamps} - set(minutes))]
            if data:
                self.metrics.add(metric['metricNamespace'], data, call.number)
