# SPDX-License-Identifier: GPL-2.0-only
"""The Simple Notification Service: topics and subscriptions, which somebody must confirm. Kept in
sns.json; nothing is ever sent."""
import hashlib
import re
import uuid

from .errors import ServiceError
from .service import check_params
from .state import ACCOUNT, JsonFile

TOPIC_NAME = re.compile(r'[A-Za-z0-9_-]{1,256}')
TOPIC_ARN = re.compile(rf'arn:aws:sns:[a-z0-9-]+:{ACCOUNT}:([A-Za-z0-9_-]{{1,256}})')
# What an endpoint must look like, and whether its owner must confirm.
PROTOCOLS = {'email': (r'[^@\s]+@[^@\s]+', True), 'email-json': (r'[^@\s]+@[^@\s]+', True),
             'http': (r'http://.+', True), 'https': (r'https://.+', True),
             'sms': (r'\+?[0-9-]{7,16}', False), 'sqs': (r'arn:aws:sqs:.+', False),
             'lambda': (r'arn:aws:lambda:.+', False), 'application': (r'arn:aws:sns:.+', False),
             'firehose': (r'arn:aws:firehose:.+', False)}
PAGE = 100


def refuse_value(call, text):
    call.refuse('InvalidParameter', f'Invalid parameter: {text}', text)


class Sns:
    def __init__(self, state):
        self.store = JsonFile(state, 'sns.json', {'topics': {}, 'subscriptions': []})

    @property
    def topics(self):
        return self.store.value['topics']

    @property
    def subscriptions(self):
        return self.store.value['subscriptions']

    def confirm(self, endpoint):
        """What the owner of an endpoint does with the mail; `*` for all. How many there were."""
        with self.store.lock:
            waiting = [s for s in self.subscriptions
                       if s['pending'] and endpoint in ('*', s['endpoint'])]
            for subscription in waiting:
                subscription['pending'] = False
            self.store.save()
            return len(waiting)

    def topic(self, arn):
        if arn not in self.topics:
            raise ServiceError('NotFound', 'Topic does not exist', 404)
        return self.topics[arn]

    # --- topics

    def check_create_topic(self, call):
        check_params(call, call.params)
        if not TOPIC_NAME.fullmatch(call.params['Name']):
            refuse_value(call, f"Topic Name {call.params['Name']!r}")

    def create_topic(self, call):
        arn = f"arn:aws:sns:{call.region}:{ACCOUNT}:{call.params['Name']}"
        attributes = call.params.get('Attributes', {})
        with self.store.lock:
            old = self.topics.setdefault(arn, attributes)
            if any(old.get(name) != value for name, value in attributes.items()):
                raise ServiceError('InvalidParameter', 'Invalid parameter: Attributes Reason: '
                                   'Topic already exists with different attributes')
            self.store.save()
        return {'TopicArn': arn}

    def delete_topic(self, call):
        with self.store.lock:
            self.topics.pop(call.params['TopicArn'], None)
            self.store.value['subscriptions'] = [
                s for s in self.subscriptions if s['topic'] != call.params['TopicArn']]
            self.store.save()

    def list_topics(self, call):
        return self.page(call, 'Topics', [{'TopicArn': arn} for arn in sorted(self.topics)])

    def get_topic_attributes(self, call):
        arn = call.params['TopicArn']
        attributes = self.topic(arn)
        mine = [s['pending'] for s in self.subscriptions if s['topic'] == arn]
        return {'Attributes': {'TopicArn': arn, 'Owner': ACCOUNT, 'DisplayName': '', **attributes,
                               'SubscriptionsPending': str(sum(mine)),
                               'SubscriptionsConfirmed': str(len(mine) - sum(mine))}}

    def set_topic_attributes(self, call):
        with self.store.lock:
            self.topic(call.params['TopicArn'])[call.params['AttributeName']] = \
                call.params.get('AttributeValue', '')
            self.store.save()

    # --- subscriptions

    def check_subscribe(self, call):
        check_params(call, call.params)
        params = call.params
        if not TOPIC_ARN.fullmatch(params['TopicArn']):
            refuse_value(call, f"TopicArn {params['TopicArn']}")
        pattern, _ = PROTOCOLS.get(params['Protocol'], (None, None))
        if pattern is None:
            refuse_value(call, f"Protocol {params['Protocol']}")
        if not re.fullmatch(pattern, params.get('Endpoint', '')):
            refuse_value(call, f"Endpoint {params.get('Endpoint')!r} for {params['Protocol']}")
        call.notes.update(topic=params['TopicArn'], endpoint=params['Endpoint'])

    def subscribe(self, call):
        params = call.params
        self.topic(params['TopicArn'])
        about = {'topic': params['TopicArn'], 'protocol': params['Protocol'],
                 'endpoint': params['Endpoint']}
        with self.store.lock:
            for old in self.subscriptions:  # the same pair is the same subscription
                if all(old[name] == value for name, value in about.items()):
                    about = old
                    break
            else:
                digest = hashlib.sha256(repr(sorted(about.items())).encode()).hexdigest()
                about.update(arn=f"{params['TopicArn']}:{uuid.UUID(digest[:32], version=4)}",
                             token=digest[32:], pending=PROTOCOLS[params['Protocol']][1])
                self.subscriptions.append(about)
                self.store.save()
        if about['pending'] and not params.get('ReturnSubscriptionArn'):
            return {'SubscriptionArn': 'pending confirmation'}
        return {'SubscriptionArn': about['arn']}

    def confirm_subscription(self, call):
        with self.store.lock:
            for about in self.subscriptions:
                if (about['topic'], about['token']) == (call.params['TopicArn'],
                                                        call.params['Token']):
                    about['pending'] = False
                    self.store.save()
                    return {'SubscriptionArn': about['arn']}
        raise ServiceError('InvalidParameter', 'Invalid parameter: Token')

    def find(self, call):
        arn = call.params['SubscriptionArn']
        if not re.fullmatch(TOPIC_ARN.pattern + ':[0-9a-f-]{36}', arn):
            refuse_value(call, f'SubscriptionArn {arn}')
        for about in self.subscriptions:
            if about['arn'] == arn:
                return about
        raise ServiceError('NotFound', 'Subscription does not exist', 404)

    def unsubscribe(self, call):
        with self.store.lock:
            try:
                self.subscriptions.remove(self.find(call))
            except ServiceError as error:
                if error.code != 'NotFound':  # that one is success
                    raise
            self.store.save()

    def get_subscription_attributes(self, call):
        about = self.find(call)
        return {'Attributes': {
            'SubscriptionArn': about['arn'], 'TopicArn': about['topic'], 'Owner': ACCOUNT,
            'Protocol': about['protocol'], 'Endpoint': about['endpoint'],
            'PendingConfirmation': str(about['pending']).lower(),
            'ConfirmationWasAuthenticated': 'false', 'RawMessageDelivery': 'false'}}

    def list_subscriptions(self, call, topic=None):
        return self.page(call, 'Subscriptions', [
            {'SubscriptionArn': 'PendingConfirmation' if s['pending'] else s['arn'],
             'Owner': ACCOUNT, 'Protocol': s['protocol'], 'Endpoint': s['endpoint'],
             'TopicArn': s['topic']} for s in self.subscriptions if topic in (None, s['topic'])])

    def list_subscriptions_by_topic(self, call):
        self.topic(call.params['TopicArn'])
        return self.list_subscriptions(call, call.params['TopicArn'])

    @staticmethod
    def page(call, key, items):
        start = int(call.params.get('NextToken') or 0)
        result = {key: items[start:start + PAGE]}
        if start + PAGE < len(items):
            result['NextToken'] = str(start + PAGE)
        return result
