# SPDX-License-Identifier: GPL-2.0-only
"""CloudWatch Logs: groups, streams, retention, tags, putting events. Reading is in logs_read.py."""
import threading

from . import put_log_events
from .errors import ServiceError
from .log_store import LogStore
from .logs_read import LogsRead
from .metric_filters import MetricFilters
from .service import check_params, parse_json
from .state import ACCOUNT

RETENTIONS = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557,
              2922, 3288, 3653)


def missing(what):
    return ServiceError('ResourceNotFoundException', f'The specified log {what} does not exist.')


def exists(what):
    return ServiceError('ResourceAlreadyExistsException',
                        f'The specified log {what} already exists')


class Logs(LogsRead, MetricFilters):
    def __init__(self, state):
        self.state = state
        self.store = LogStore(state.directory)
        self.light = {}  # with --light: (group, stream) -> [batches, events, bytes]
        self.lock = threading.Lock()

    def now(self):
        return int(self.state.now() * 1000)

    def group(self, name):
        try:
            return self.store.groups[name]
        except KeyError:
            raise missing('group') from None

    def stream(self, group, name):
        try:
            return self.group(group).streams[name]
        except KeyError:
            raise missing('stream') from None

    @staticmethod
    def arn(call, name, tail=''):
        return f'arn:aws:logs:{call.region}:{ACCOUNT}:log-group:{name}{tail}'

    # --- groups and streams

    def check_create_log_group(self, call):
        self.check_named(call)
        if call.params['logGroupName'].startswith('aws/'):
            put_log_events.refuse_value(call, 'Log groups starting with AWS/ are reserved for AWS.')

    def create_log_group(self, call):
        params = call.params
        with self.store.lock:
            if params['logGroupName'] in self.store.groups:
                raise exists('group')
            self.store.add(params['logGroupName'], self.now(), params.get('tags'),
                           params.get('kmsKeyId'), params.get('logGroupClass'))

    def create_log_stream(self, call):
        with self.store.lock:
            group = self.group(call.params['logGroupName'])
            if call.params['logStreamName'] in group.streams:
                raise exists('stream')
            group.add_stream(call.params['logStreamName'], self.now())

    def delete_log_group(self, call):
        with self.store.lock:
            self.group(call.params['logGroupName'])
            self.store.remove(call.params['logGroupName'])

    def delete_log_stream(self, call):
        with self.store.lock:
            self.stream(call.params['logGroupName'], call.params['logStreamName'])
            self.group(call.params['logGroupName']).remove_stream(call.params['logStreamName'])

    def check_named(self, call):
        """Puts what the call is about on record, after the usual checks."""
        call.params = parse_json(call)
        check_params(call, call.params)
        call.notes.update(group=call.params.get('logGroupName'))
        if 'logStreamName' in call.params:
            call.notes.update(stream=call.params['logStreamName'])

    check_create_log_stream = check_named

    # --- retention and tags

    def check_put_retention_policy(self, call):
        self.check_named(call)
        if call.params['retentionInDays'] not in RETENTIONS:
            put_log_events.refuse_value(
                call, f"retentionInDays is none of the valid values: {call.params}")

    def put_retention_policy(self, call):
        self.change(call, retention=call.params['retentionInDays'])

    def delete_retention_policy(self, call):
        self.change(call, retention=None)

    def change(self, call, **values):
        with self.store.lock:
            group = self.group(call.params['logGroupName'])
            group.about.update(values)
            group.save()

    def retag(self, name, added, removed):
        with self.store.lock:
            group = self.group(name)
            group.about['tags'].update(added)
            for tag in removed:
                group.about['tags'].pop(tag, None)
            group.save()

    @staticmethod
    def named_by(call):
        return call.params['resourceArn'].split(':log-group:', 1)[-1].removesuffix(':*')

    def tag_log_group(self, call):
        self.retag(call.params['logGroupName'], call.params['tags'], ())

    def untag_log_group(self, call):
        self.retag(call.params['logGroupName'], {}, call.params['tags'])

    def list_tags_log_group(self, call):
        return {'tags': self.group(call.params['logGroupName']).about['tags']}

    def tag_resource(self, call):
        self.retag(self.named_by(call), call.params['tags'], ())

    def untag_resource(self, call):
        self.retag(self.named_by(call), {}, call.params['tagKeys'])

    def list_tags_for_resource(self, call):
        return {'tags': self.group(self.named_by(call)).about['tags']}

    # --- events

    def check_put_log_events(self, call):
        if self.state.options.light:
            return put_log_events.check_light(call)
        put_log_events.check(call, self.state.options.event_limit)
        group = self.store.groups.get(call.batch.group)
        if group:
            _, first, end = self.rejected(call)
            put_log_events.check_span(call, call.batch, first, end)
        return None

    def rejected(self, call):
        retention = self.group(call.batch.group).about['retention']
        if call.forced_rejection is not None:
            return put_log_events.forced(call.batch, call.forced_rejection)
        return put_log_events.rejected(call.batch, self.now(), retention)

    def put_log_events(self, call):
        batch = call.batch
        stream = self.stream(batch.group, batch.stream)
        token = {'nextSequenceToken': f'{call.number:056d}'}  # of old: nobody needs it any more
        if self.state.options.light:
            with self.lock:
                sums = self.light.setdefault((batch.group, batch.stream), [0, 0, 0])
                for index, value in enumerate((1, batch.count, batch.size)):
                    sums[index] += value
            return token
        info, first, end = self.rejected(call)
        stream.append(batch.stamps[first:end], batch.messages[first:end], call.number, self.now())
        call.notes.update(stored=max(0, end - first))
        group = self.group(batch.group)
        if group.about['filters']:
            self.feed_filters(call, group, batch.stamps[first:end], batch.messages[first:end])
        if info:
            call.notes.update(rejected=info)
            token['rejectedLogEventsInfo'] = info
        return token
