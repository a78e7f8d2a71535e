# SPDX-License-Identifier: GPL-2.0-only
"""CloudWatch Logs, the reading half: what `aws logs describe-…`, `get-log-events`,
`filter-log-events` and `tail` ask."""
from .service import invalid

PAGE_EVENTS = 10000
PAGE_BYTES = 1048576


def paged(items, call, key, size):
    """A page of a list, tokens being positions."""
    start = int(call.params.get('nextToken') or 0)
    size = call.params.get('limit', size)
    result = {key: items[start:start + size]}
    if start + size < len(items):
        result['nextToken'] = str(start + size)
    return result


def event_page(events, start, end, backward=False):
    """How many of events[start:end] one answer may hold; counted from the end when backward."""
    size = count = 0
    part = events[start:end]
    for event in reversed(part) if backward else part:
        size += len(event['message'].encode()) + 26
        if count and (size > PAGE_BYTES or count == PAGE_EVENTS):
            break
        count += 1
    return count


def simple_filter(pattern):
    """Words and phrases that must all be there. The whole language is the business of others."""
    if pattern[:1] in ('{', '[', '%') or '?' in pattern:
        raise invalid('the stand-in only knows terms')
    words = [word.strip('"') for word in pattern.split()] if '"' not in pattern else \
        [word for word in pattern.split('"') if word.strip()]
    return lambda message: all(word in message for word in words)


class LogsRead:
    def describe_log_groups(self, call):
        params = call.params
        groups = []
        for name, group in sorted(self.store.groups.items()):
            if not name.startswith(params.get('logGroupNamePrefix', '')) or \
                    params.get('logGroupNamePattern', '') not in name:
                continue
            about = {'logGroupName': name, 'creationTime': group.about['created'],
                     'metricFilterCount': len(group.about['filters']),
                     'arn': self.arn(call, name, ':*'),
                     'storedBytes': sum(s.stored_bytes for s in group.streams.values())}
            for member, key in (('retentionInDays', 'retention'), ('kmsKeyId', 'key'),
                                ('logGroupClass', 'class')):
                if group.about[key]:
                    about[member] = group.about[key]
            groups.append(about)
        return paged(groups, call, 'logGroups', 50)

    def describe_log_streams(self, call):
        params = call.params
        group = self.group(params['logGroupName'])
        streams = []
        for name, stream in sorted(group.streams.items()):
            if not name.startswith(params.get('logStreamNamePrefix', '')):
                continue
            about = {'logStreamName': name, 'creationTime': stream.created, 'storedBytes': 0,
                     'uploadSequenceToken': f'{stream.count:056d}',
                     'arn': self.arn(call, params['logGroupName'], ':log-stream:' + name)}
            if stream.count:
                about.update(firstEventTimestamp=stream.first, lastEventTimestamp=stream.last,
                             lastIngestionTime=stream.ingested)
            streams.append(about)
        if params.get('orderBy') == 'LastEventTime':
            if 'logStreamNamePrefix' in params:
                raise invalid('Cannot order by LastEventTime with a logStreamNamePrefix.')
            streams.sort(key=lambda s: s.get('lastEventTimestamp', 0))
        if params.get('descending'):
            streams.reverse()
        return paged(streams, call, 'logStreams', 50)

    @staticmethod
    def within(params, events):
        events.sort(key=lambda e: (e['timestamp'], e['index']))
        start, end = params.get('startTime', 0), params.get('endTime', float('inf'))
        return [e for e in events if start <= e['timestamp'] < end]

    def get_log_events(self, call):
        params = call.params
        if 'logGroupName' not in params:
            raise invalid('logGroupName is needed here')
        stream = self.stream(params['logGroupName'], params['logStreamName'])
        events = self.within(params, stream.events())
        limit = params.get('limit', PAGE_EVENTS)
        token = params.get('nextToken')
        if token and token[:2] not in ('f/', 'b/'):
            raise invalid('The specified nextToken is invalid.')
        backward = token[0] == 'b' if token else not params.get('startFromHead', False)
        at = int(token[2:]) if token else (len(events) if backward else 0)
        if backward:
            end = min(at, len(events))
            start = end - event_page(events, max(0, end - limit), end, True)
        else:
            start = min(at, len(events))
            end = start + event_page(events, start, start + limit)
        page = [{k: e[k] for k in ('timestamp', 'message', 'ingestionTime')}
                for e in events[start:end]]
        return {'events': page, 'nextForwardToken': f'f/{end:056d}',
                'nextBackwardToken': f'b/{start:056d}'}

    def filter_log_events(self, call):
        params = call.params
        group = self.group(params.get('logGroupName') or '')
        matches = simple_filter(params.get('filterPattern', ''))
        names = params.get('logStreamNames')
        found = []
        for name, stream in sorted(group.streams.items()):
            if (names is not None and name not in names) or \
                    not name.startswith(params.get('logStreamNamePrefix', '')):
                continue
            found += [{'logStreamName': name, **event} for event in
                      self.within(params, stream.events()) if matches(event['message'])]
        found.sort(key=lambda e: (e['timestamp'], e['logStreamName'], e['index']))
        start = int(params.get('nextToken') or 0)
        end = start + event_page(found, start, start + params.get('limit', PAGE_EVENTS))
        result = {'events': [
            {k: e[k] for k in ('logStreamName', 'timestamp', 'message', 'ingestionTime')} |
            {'eventId': f"{e['timestamp']:040d}{e['index']:016d}"} for e in found[start:end]],
            'searchedLogStreams': []}
        if end < len(found):
            result['nextToken'] = str(end)
        return result
