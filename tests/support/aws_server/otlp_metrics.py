# SPDX-License-Identifier: GPL-2.0-only
"""The collector of otlp.py for metrics: POST /v1/metrics, sums and histograms with delta temporality.

Data points go to otlp-metrics.jsonl, one a line.
"""
from .otlp import U64, attributes, demand, flat, members

METRIC = {'name': str, 'description': str, 'unit': str, 'sum': dict, 'histogram': dict}
SUM = {'aggregationTemporality': int, 'isMonotonic': bool, 'dataPoints': list}
HISTOGRAM = {'aggregationTemporality': int, 'dataPoints': list}
NUMBER = (int, float)
POINT = {'attributes': list, 'startTimeUnixNano': str, 'timeUnixNano': str, 'flags': int}
NUMBER_POINT = {**POINT, 'asDouble': NUMBER, 'asInt': str}
HISTOGRAM_POINT = {**POINT, 'count': str, 'sum': NUMBER, 'bucketCounts': list,
                   'explicitBounds': list, 'min': NUMBER, 'max': NUMBER}
DELTA = 1


def times(value, where):
    start, end = value.get('startTimeUnixNano', '0'), value.get('timeUnixNano', '')
    demand(U64.fullmatch(start) and U64.fullmatch(end), where, f'times {start} {end}')
    demand(0 < int(start) <= int(end), where, f'from {start} to {end}')
    return {'start': int(start), 'time': int(end)}


def number_point(value, where):
    members(value, NUMBER_POINT, where)
    demand(('asDouble' in value) != ('asInt' in value), where, 'not one value')
    return {'value': value.get('asDouble', value.get('asInt'))}


def histogram_point(value, where):
    members(value, HISTOGRAM_POINT, where)
    demand(U64.fullmatch(value.get('count', '')), where, f"count {value.get('count')}")
    counts, bounds = value.get('bucketCounts', []), value.get('explicitBounds', [])
    demand(all(isinstance(c, str) and U64.fullmatch(c) for c in counts), where, 'bucketCounts')
    demand(not counts or len(counts) == len(bounds) + 1, where, 'buckets and bounds')
    demand(not counts or sum(map(int, counts)) == int(value['count']), where, 'counts do not add up')
    demand(value.get('min', 0) <= value.get('max', 0), where, 'min and max')
    return {'count': int(value['count']), **{n: value.get(n) for n in ('sum', 'min', 'max')}}


def points(metric, where):
    members(metric, METRIC, where)
    demand(metric.get('name'), where, 'no name')
    demand(('sum' in metric) != ('histogram' in metric), where, 'not one kind of data')
    kind = 'sum' if 'sum' in metric else 'histogram'
    data = members(metric[kind], SUM if kind == 'sum' else HISTOGRAM, f'{where}.{kind}')
    demand(data.get('aggregationTemporality') == DELTA, where, 'not delta temporality')
    demand(data.get('dataPoints'), where, 'no data points')
    read = number_point if kind == 'sum' else histogram_point
    for i, point in enumerate(data['dataPoints']):
        inner = f'{where}.{kind}.dataPoints[{i}]'
        yield {'name': metric['name'], 'unit': metric.get('unit', ''), 'kind': kind,
               **read(point, inner), **times(point, inner),
               'attributes': attributes(point.get('attributes', []), inner)}


def data_points(request):
    """All data points of an ExportMetricsServiceRequest."""
    return flat(request, 'resourceMetrics', 'scopeMetrics', 'metrics', points)
