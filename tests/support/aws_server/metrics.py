# SPDX-License-Identifier: GPL-2.0-only
"""CloudWatch's metrics: putting them, with every limit, and asking for them.

Data go to metrics.jsonl, one a line, and are read from there.
"""
import json
import math
import os

from botocore.utils import parse_to_aware_datetime

from .errors import ServiceError
from .service import check_params, parse_json
from .state import append_to

MAX_WIRE = 1 << 20
MAX_DATA = 1000        # metrics in a request
MAX_VALUES = 150       # values of one, each with its count
MAX_MAGNITUDE = 2.0 ** 360
MAX_AGE = 14 * 86400   # seconds
MAX_AHEAD = 2 * 3600
MAX_POINTS = 1440      # in one answer of GetMetricStatistics
PAGE = 500
KINDS = ('Value', 'StatisticValues', 'Values')


def epoch(value):
    """A time stamp of either protocol as seconds."""
    return value if isinstance(value, (int, float)) else \
        parse_to_aware_datetime(value).timestamp()


def dimensions_of(params):
    return {d['Name']: d['Value'] for d in params.get('Dimensions', ())}


def refuse_value(call, text, code='InvalidParameterValueException'):
    call.refuse(code, text, text)


def check_name(call, where, text):
    if not text.isascii() or not text.strip() or not text.isprintable():
        refuse_value(call, f'{where} is blank or not printable ASCII: {text!r}')


def check_namespace(call, name):
    check_name(call, 'Namespace', name)
    if name.startswith('AWS/') or name.startswith(':'):
        refuse_value(call, f'The value {name} for parameter Namespace is invalid.')


def check_number(call, where, number):
    if not math.isfinite(number) or abs(number) > MAX_MAGNITUDE:
        refuse_value(call, f'The value {number} for parameter {where} is invalid.')


def check_dimensions(call, where, given):
    names = [d['Name'] for d in given]
    if len(set(names)) != len(names):
        refuse_value(call, f'{where}.Dimensions: a name twice')
    for dimension in given:
        check_name(call, where + '.Dimensions.Name', dimension['Name'])
        check_name(call, where + '.Dimensions.Value', dimension['Value'])
        if dimension['Name'].startswith(':'):
            refuse_value(call, f"{where}.Dimensions: name {dimension['Name']}")


def check_datum(call, index, datum):
    where = f'MetricData.member.{index + 1}'
    check_name(call, where + '.MetricName', datum['MetricName'])
    check_dimensions(call, where, datum.get('Dimensions', ()))
    kinds = [kind for kind in KINDS if kind in datum]
    if len(kinds) != 1:
        refuse_value(call, f'{where} has {kinds or "no value"}',
                     'InvalidParameterCombinationException' if kinds else
                     'MissingParameterException')
    if 'Counts' in datum and len(datum['Counts']) != len(datum.get('Values', ())):
        refuse_value(call, f'{where}: as many Counts as Values are needed',
                     'InvalidParameterCombinationException')
    values = datum.get('Values', ())
    if len(values) > MAX_VALUES or len(set(values)) != len(values) or \
            ('Values' in datum and not values):
        refuse_value(call, f'{where}: {len(values)} Values, {len(set(values))} of them unique')
    numbers = [*values, *datum.get('StatisticValues', {}).values()]
    for number in numbers + ([datum['Value']] if 'Value' in datum else []):
        check_number(call, where, number)
    if any(count <= 0 for count in datum.get('Counts', ())):
        refuse_value(call, f'{where}: a count is not positive')
    if datum.get('StorageResolution', 60) not in (1, 60):
        refuse_value(call, f"{where}: StorageResolution {datum['StorageResolution']}")
    age = call.state.now() - epoch(datum.get('Timestamp', call.state.now()))
    if not -MAX_AHEAD <= age <= MAX_AGE:
        refuse_value(call, f'{where}: Timestamp is {age:.0f} seconds old')


class Metrics:
    def __init__(self, state):
        self.state = state
        self.path = os.path.join(state.directory, 'metrics.jsonl')
        self.file = append_to(self.path)

    def check_put_metric_data(self, call):
        if len(call.request.body) > MAX_WIRE:
            call.refuse('RequestEntityTooLarge', 'too large', 'more than 1 MB', status=413)
        if call.request.header('x-amz-target'):
            call.params = parse_json(call)
        check_params(call, call.params)
        check_namespace(call, call.params['Namespace'])
        data = call.params['MetricData']
        if not 1 <= len(data) <= MAX_DATA:
            refuse_value(call, f'MetricData: {len(data)} members, not 1 to {MAX_DATA}')
        for index, datum in enumerate(data):
            check_datum(call, index, datum)
        call.notes.update(namespace=call.params['Namespace'], data=len(data))

    def put_metric_data(self, call):
        self.add(call.params['Namespace'], call.params['MetricData'], call.number)

    def add(self, namespace, data, number):
        now = self.state.now()
        lines = [json.dumps({
            'namespace': namespace, 'name': datum['MetricName'], 'dimensions': dimensions_of(datum),
            'timestamp': epoch(datum.get('Timestamp', now)), 'unit': datum.get('Unit', 'None'),
            'resolution': datum.get('StorageResolution', 60), 'request': number,
            **{k: datum[k] for k in (*KINDS, 'Counts') if k in datum}}) for datum in data]
        os.write(self.file, ('\n'.join(lines) + '\n').encode())

    def data(self, namespace=None, name=None):
        with open(self.path, encoding='utf-8') as file:
            for line in file:
                datum = json.loads(line)
                if namespace in (None, datum['namespace']) and name in (None, datum['name']):
                    yield datum

    @staticmethod
    def weighted(datum):
        """Sample count, sum, minimum, maximum of one datum."""
        if 'Value' in datum:
            return 1, datum['Value'], datum['Value'], datum['Value']
        if 'StatisticValues' in datum:
            s = datum['StatisticValues']
            return s['SampleCount'], s['Sum'], s['Minimum'], s['Maximum']
        counts = datum.get('Counts') or [1] * len(datum['Values'])
        return (sum(counts), sum(v * c for v, c in zip(datum['Values'], counts)),
                min(datum['Values']), max(datum['Values']))

    def get_metric_statistics(self, call):
        params = call.params
        period, start, end = params['Period'], epoch(params['StartTime']), epoch(params['EndTime'])
        if start >= end:
            raise ServiceError('InvalidParameterValueException',
                               'The parameter StartTime must be less than the parameter EndTime.')
        if (end - start) / period > MAX_POINTS:
            raise ServiceError('InvalidParameterCombinationException',
                               f'more than {MAX_POINTS} data points')
        points = {}
        for datum in self.data(params['Namespace'], params['MetricName']):
            # Exactly these dimensions: no sum over others.
            if datum['dimensions'] != dimensions_of(params) or \
                    not start <= datum['timestamp'] < end or \
                    params.get('Unit', datum['unit']) != datum['unit']:
                continue
            at = datum['timestamp'] // period * period, datum['unit']
            points.setdefault(at, []).append(self.weighted(datum))
        wanted = params.get('Statistics', ())
        result = []
        for (at, unit), parts in sorted(points.items()):
            counts, sums, least, most = zip(*parts)
            every = {'SampleCount': sum(counts), 'Sum': sum(sums), 'Minimum': min(least),
                     'Maximum': max(most), 'Average': sum(sums) / sum(counts)}
            result.append({'Timestamp': at, 'Unit': unit, **{k: every[k] for k in wanted}})
        return {'Label': params['MetricName'], 'Datapoints': result}

    def list_metrics(self, call):
        params = call.params
        found = {}
        for datum in self.data(params.get('Namespace'), params.get('MetricName')):
            if all(f['Name'] in datum['dimensions'] and
                   f.get('Value', datum['dimensions'][f['Name']]) == datum['dimensions'][f['Name']]
                   for f in params.get('Dimensions', ())):
                key = datum['namespace'], datum['name'], *sorted(datum['dimensions'].items())
                found[key] = {'Namespace': datum['namespace'], 'MetricName': datum['name'],
                              'Dimensions': [{'Name': k, 'Value': v} for k, v in key[2:]]}
        metrics = [found[key] for key in sorted(found)]
        start = int(params.get('NextToken') or 0)
        result = {'Metrics': metrics[start:start + PAGE]}
        if start + PAGE < len(metrics):
            result['NextToken'] = str(start + PAGE)
        return result
