# SPDX-License-Identifier: GPL-2.0-only
"""The limits of PutLogEvents
(https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html), each
checked on whole lists at once: a batch has 10,000 events and there are dozens a second."""
import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass

from .service import check_params, parse_json

MAX_BYTES = 1048576
OVERHEAD = 26
MAX_EVENTS = 10000
DAY = 86400000          # ms, as all time stamps here
MAX_SPAN = DAY
MAX_AGE = 14 * DAY
MAX_AHEAD = 2 * 3600000
GROUP_NAME = re.compile(r'(?!aws/)[._/#A-Za-z0-9-]{1,512}')
STREAM_NAME = re.compile(r'[^:*]{1,512}')
EVENT_KEYS = {'timestamp', 'message'}
# What --light looks for. Inside a message a backslash would stand before the second quotation mark.
LIGHT_NAME = {key: re.compile(b'"' + key + rb'"\s*:\s*"([^"\\]+)"')
              for key in (b'logGroupName', b'logStreamName')}
LIGHT_EVENT = b'"timestamp"'


@dataclass
class Batch:
    group: str
    stream: str
    stamps: list
    messages: list
    size: int     # as the service counts
    count: int


def check(call, event_limit):
    """Sets call.params and call.batch, or refuses."""
    params = call.params = parse_json(call)
    if not isinstance(params, dict) or not isinstance(params.get('logEvents'), list):
        check_params(call, params)
    events = params['logEvents']
    try:
        stamps = [event['timestamp'] for event in events]
        messages = [event['message'] for event in events]
        regular = set(map(len, events)) <= {2} and set(map(type, stamps)) <= {int} and \
            set(map(type, messages)) <= {str}
    except (TypeError, KeyError):
        regular = False
    # One event stands for all when all are alike.
    check_params(call, {**params, 'logEvents': events[:1]} if regular else params)
    if not regular:
        call.refuse('SerializationException', 'malformed event', 'an event has a wrong type')
    check_names(call, params)
    call.batch = Batch(params['logGroupName'], params['logStreamName'], stamps, messages, 0,
                       len(events))
    check_events(call, call.batch, event_limit)
    call.notes.update(group=call.batch.group, stream=call.batch.stream, events=call.batch.count,
                      size=call.batch.size, first=stamps[0], last=stamps[-1])


def refuse_value(call, text):
    call.refuse('InvalidParameterException', text, text)


def check_names(call, params):
    if not GROUP_NAME.fullmatch(params['logGroupName']):
        refuse_value(call, f"logGroupName {params['logGroupName']!r} breaks its pattern")
    if not STREAM_NAME.fullmatch(params['logStreamName']):
        refuse_value(call, f"logStreamName {params['logStreamName']!r} breaks its pattern")


def check_events(call, batch, event_limit):
    if not 1 <= batch.count <= MAX_EVENTS:
        refuse_value(call, f"1 validation error detected: Value at 'logEvents' failed to satisfy "
                     f'constraint: Member must have length 1 to {MAX_EVENTS}, not {batch.count}')
    try:
        sizes = list(map(len, map(str.encode, batch.messages)))
    except UnicodeEncodeError:
        call.refuse('SerializationException', 'a message is not Unicode',
                    'a message has half a surrogate pair')
    if min(sizes) == 0:
        refuse_value(call, 'Log event message must not be empty')
    if max(sizes) > event_limit:
        refuse_value(call, f'Log event too large: {max(sizes)} bytes exceeds limit of '
                     f'{event_limit}')
    batch.size = sum(sizes) + OVERHEAD * batch.count
    if batch.size > MAX_BYTES:
        refuse_value(call, f'Upload too large: {batch.size} bytes exceeds limit of {MAX_BYTES}')
    if batch.stamps[0] < 0:
        refuse_value(call, 'Log event timestamp must not be negative')
    if batch.stamps != sorted(batch.stamps):
        refuse_value(call, 'Log events in a single PutLogEvents request must be in chronological '
                     'order.')


def rejected(batch, now, retention):
    """Which events the service leaves out, as the member of the answer; and the slice that is
    taken. `retention`: days or None. An event may be both too old and expired."""
    info = {}
    too_old = bisect_left(batch.stamps, now - MAX_AGE)
    expired = bisect_left(batch.stamps, now - retention * DAY) if retention else 0
    too_new = bisect_right(batch.stamps, now + MAX_AHEAD)
    if too_old:
        info['tooOldLogEventEndIndex'] = too_old
    if expired:
        info['expiredLogEventEndIndex'] = expired
    if too_new < batch.count:
        info['tooNewLogEventStartIndex'] = too_new
    return info, max(too_old, expired), too_new


def forced(batch, info):
    """The same where a test says what is left out."""
    first = max(info.get('tooOldLogEventEndIndex', 0), info.get('expiredLogEventEndIndex', 0))
    return info, first, info.get('tooNewLogEventStartIndex', batch.count)


def check_span(call, batch, first, end):
    """Only events that are taken count."""
    if first < end and batch.stamps[end - 1] - batch.stamps[first] > MAX_SPAN:
        refuse_value(call, 'The batch of log events in a single PutLogEvents request cannot span '
                     'more than 24 hours.')


def check_light(call):
    """For benchmarks: the signature was checked; of the body only what can be counted."""
    names = []
    for pattern in LIGHT_NAME.values():
        match = pattern.search(call.body)
        if not match:
            call.refuse('SerializationException', 'no name', 'light: no group or stream name')
        names.append(match[1].decode())
    call.batch = Batch(*names, [], [], len(call.body), call.body.count(LIGHT_EVENT))
    call.params = {'logGroupName': names[0], 'logStreamName': names[1]}
    call.notes.update(group=names[0], stream=names[1], events=call.batch.count)
