# SPDX-License-Identifier: GPL-2.0-only
"""Faults that are injected into the answers to chosen requests.

A rule is a JSON object: `fault` (a name below) and, all optional,
  op           glob of operations (default `*`): PutLogEvents, imds-token, imds, container, otlp …
  count        so many times (default 1; 0: for ever)
  skip         not the first so many that match
  every        only each so-manieth that matches; `count` is then for ever unless given
  probability  0..1, with `seed`; `count` as with `every`
  group stream globs of what the request is about
  text         only where the body (JSON-unescaped messages) holds this text
  key          only this access key
  apply        whether the request has its effect all the same (each fault has its default)
and what the fault itself takes. `reset-before` strikes before the body is read: it knows the
operation only. The first rule that matches is the one.
"""
import fnmatch
import random
import threading

from .errors import ServiceError
from .signature import clock_error
from .wire import Answer

HTML = b'<html><head><title>%d</title></head><body><h1>sorry</h1></body></html>'
FAULTS = {}
APPLIES = set()  # names of faults whose request has its effect


def fault(*names, applies=False):
    def add(function):
        for name in names:
            FAULTS[name] = function
            if applies:
                APPLIES.add(name)
        return function
    return add


# A fault is a function (rule, call, answer) -> Answer; `answer` is the good one where the request
# has its effect, else None. ServiceErrors are rendered in the protocol of the call.

@fault('error')
def any_error(rule, _call, _answer):
    """An error of any code: type, message, status."""
    raise ServiceError(rule['type'], rule.get('message', ''), rule.get('status', 400),
                       rule.get('headers'), rule.get('fields'))


def named(name, code, message, status=400):
    @fault(name)
    def function(rule, call, _answer):
        del call
        headers = {}
        if 'retry_after' in rule:
            headers['Retry-After'] = str(rule['retry_after'])
        raise ServiceError(code, rule.get('message', message), rule.get('status', status), headers)
    return function


named('throttle', 'ThrottlingException', 'Rate exceeded')
named('throttle-429', 'ThrottlingException', 'Rate exceeded', 429)
named('limit', 'LimitExceededException', 'Resource limit exceeded.')
named('internal', 'InternalFailure', 'The request processing has failed because of an unknown '
      'error', 500)
named('unavailable', 'ServiceUnavailableException', 'The service cannot complete the request.', 503)
named('unrecognized-client', 'UnrecognizedClientException',
      'The security token included in the request is invalid.')
named('bad-signature', 'InvalidSignatureException',
      'The request signature we calculated does not match the signature you provided.')
named('aborted', 'OperationAbortedException', 'Multiple concurrent requests to update the same '
      'resource were in conflict. Please retry.')
named('invalid-parameter', 'InvalidParameterException', 'A parameter is specified incorrectly.')
named('serialization', 'SerializationException', 'Start of structure or map found where not '
      'expected.')
named('not-found', 'ResourceNotFoundException', 'The specified log stream does not exist.')


@fault('status')
def status_only(rule, _call, _answer):
    """`code`: 500, 502 …; with `html` the page of a load balancer, else an empty JSON object."""
    code = rule.get('code', 500)
    headers = {'Content-Type': 'text/html' if rule.get('html') else 'application/x-amz-json-1.1'}
    if 'retry_after' in rule:
        headers['Retry-After'] = str(rule['retry_after'])
    return Answer(code, headers, HTML % code if rule.get('html') else b'{}',
                  request_id=not rule.get('html'))


@fault('skew-expired', 'skew-future')
def skew(rule, call, _answer):
    """The clock texts, as if the server's clock were `seconds` (900) off."""
    stamp = call.request.header('x-amz-date', '20260101T000000Z')
    now = call.state.now()
    late = rule['fault'] == 'skew-expired'
    offset = rule.get('seconds', 900)
    raise ServiceError('InvalidSignatureException',
                       clock_error(stamp, now, now + offset if late else now - offset))


@fault('expired-token')
def expired(_rule, call, _answer):
    """The access key of this request is of no use any more, until others are fetched."""
    if call.key:
        call.state.keyring.revoke(call.key)
    raise ServiceError('ExpiredTokenException',
                       'The security token included in the request is expired')


@fault('denied')
def denied(rule, call, _answer):
    service = call.service.signing_name if call.service else 'logs'
    prefix = {'monitoring': 'cloudwatch'}.get(service, service)
    resource = f"arn:aws:{service}:{call.region}:123456789012:log-group:" \
        f"{call.notes.get('group') or '*'}:log-stream:{call.notes.get('stream') or ''}"
    raise ServiceError('AccessDeniedException', rule.get('message') or (
        f'User: arn:aws:sts::123456789012:assumed-role/test/i-0 is not authorized to perform: '
        f'{prefix}:{call.operation} on resource: {resource} because no identity-based policy '
        f'allows the {prefix}:{call.operation} action'))


@fault('sequence-token')
def sequence_token(rule, _call, _answer):
    token = rule.get('token', '49' + '0' * 54)
    raise ServiceError('InvalidSequenceTokenException', 'The given sequenceToken is invalid. The '
                       f'next expected sequenceToken is: {token}',
                       fields={'expectedSequenceToken': token})


@fault('already-accepted', applies=True)
def already_accepted(rule, _call, _answer):
    """The batch is stored, as if an earlier answer had been lost."""
    token = rule.get('token', '49' + '0' * 54)
    raise ServiceError('DataAlreadyAcceptedException', 'The given batch of log events has already '
                       f'been accepted. The next batch can be sent with sequenceToken: {token}',
                       fields={'expectedSequenceToken': token})


@fault('rejected-info')
def rejected_info(rule, call, _answer):
    """`old`, `expired`: so many at the beginning; `new`: index of the first. None of these is
    stored."""
    info = {'tooOldLogEventEndIndex': rule.get('old'), 'expiredLogEventEndIndex':
            rule.get('expired'), 'tooNewLogEventStartIndex': rule.get('new')}
    call.forced_rejection = {name: value for name, value in info.items() if value is not None}
    return call.route.apply(call)


# --- how answers come, or do not

@fault('reset-before')  # handled before the body is read
@fault('reset')         # after it
def reset(_rule, _call, _answer):
    return Answer(fate='reset')


@fault('reset-after', applies=True)
def reset_after(_rule, _call, answer):
    answer.fate = 'reset'
    return answer


@fault('silent')
def silent(_rule, _call, _answer):
    return Answer(fate='silent')


@fault('silent-after', applies=True)
def silent_after(_rule, _call, answer):
    answer.fate = 'silent'
    return answer


@fault('slow', applies=True)
def slow(rule, _call, answer):
    """The answer comes `seconds` late."""
    answer.delay = rule.get('seconds', 1)
    return answer


@fault('trickle', applies=True)
def trickle(rule, _call, answer):
    """The answer comes at `rate` bytes a second."""
    answer.rate = rule.get('rate', 10)
    return answer


@fault('cut', applies=True)
def cut(_rule, _call, answer):
    """Half of the answer's body."""
    answer.body = answer.body or b'{}'
    answer.fate = 'cut'
    return answer


@fault('close', applies=True)
def close(_rule, _call, answer):
    """A good answer, and the connection ends unannounced (a kept connection that went stale)."""
    answer.fate = 'close'
    return answer


@fault('malformed-json', applies=True)
def malformed(rule, _call, answer):
    answer.body = rule.get('body', '{"nextSequenceToken": "').encode()
    return answer


@fault('no-request-id', applies=True)
def no_request_id(_rule, _call, answer):
    answer.request_id = False
    return answer


@fault('captive')
def captive(_rule, _call, _answer):
    """A proxy that wants a password first: 200 and a page."""
    return Answer(200, {'Content-Type': 'text/html'}, HTML % 200, request_id=False)


@fault('redirect')
def redirect(rule, _call, _answer):
    return Answer(rule.get('code', 307), {'Location': rule['location']}, b'', request_id=False)


@fault('partial-success')
def partial_success(rule, call, _answer):
    """OTLP: `rejected` records were not taken (the last ones)."""
    call.otlp_rejected = rule.get('rejected', 1), rule.get('message', 'rejected on purpose')
    return call.route.apply(call)


@fault('refuse')
def refuse(rule, call, _answer):
    """No listener for `seconds`, and every connection is reset: a service that restarts."""
    call.state.refuse_connections(rule.get('seconds', 1))
    return Answer(fate='reset')


class Rule:
    def __init__(self, about):
        if about.get('fault') not in FAULTS:
            raise ValueError(f"unknown fault {about.get('fault')!r}")
        self.about = about
        repeated = 'every' in about or 'probability' in about
        self.left = about.get('count', 0 if repeated else 1) or float('inf')
        self.seen = 0
        self.random = random.Random(about.get('seed', 1))

    def fits(self, call):
        about = self.about
        return fnmatch.fnmatchcase(call.operation, about.get('op', '*')) and \
            fnmatch.fnmatchcase(call.notes.get('group') or '', about.get('group', '*')) and \
            fnmatch.fnmatchcase(call.notes.get('stream') or '', about.get('stream', '*')) and \
            about.get('key', call.key) == call.key and \
            ('text' not in about or about['text'] in text_of(call))

    def strikes(self, call):
        """Whether it is this one's turn; counts."""
        if self.left <= 0 or not self.fits(call):
            return False
        self.seen += 1
        about = self.about
        if self.seen <= about.get('skip', 0) or \
                (self.seen - about.get('skip', 0)) % about.get('every', 1) or \
                self.random.random() >= about.get('probability', 1):
            return False
        self.left -= 1
        return True


def text_of(call):
    return '\n'.join(call.batch.messages) if call.batch else call.body.decode('utf-8', 'replace')


class Faults:
    def __init__(self):
        self.lock = threading.Lock()
        self.rules = []

    def add(self, about):
        rule = Rule(about)
        with self.lock:
            self.rules.append(rule)

    def clear(self):
        with self.lock:
            self.rules.clear()

    def pending(self):
        return [{**rule.about, 'seen': rule.seen, 'left': min(rule.left, 1 << 53)}
                for rule in self.rules if rule.left > 0]

    def pick(self, call, head):
        """The rule for this call. `head`: only those that strike before the body is read."""
        with self.lock:
            for rule in self.rules:
                if (rule.about['fault'] == 'reset-before') == head and rule.strikes(call):
                    call.fault = rule.about['fault']
                    return rule.about
        return None

    @staticmethod
    def act(about, call):
        name = about['fault']
        answer = call.route.apply(call) if about.get('apply', name in APPLIES) else None
        return FAULTS[name](about, call, answer or Answer())
