# SPDX-License-Identifier: GPL-2.0-only
"""The Security Token Service: roles that are assumed, signed or with a web identity."""
from .errors import ServiceError
from .state import ACCOUNT


class Sts:
    def __init__(self, state):
        self.state = state
        # Changed by tests through /_control. `web_identity`: the token that is taken, None: any.
        self.about = {'expires': 3600, 'web_identity': 'web-identity-token', 'roles': None}

    def assumed(self, call):
        role, session = call.params['RoleArn'], call.params['RoleSessionName']
        call.notes.update(role=role, session=session)
        if self.about['roles'] is not None and role not in self.about['roles']:
            raise ServiceError('AccessDeniedException', f'Not authorized to perform: '
                               f'sts:{call.operation} on resource: {role}', 403)
        key = self.state.keyring.issue(self.state.now() + self.about['expires'])
        name = role.split(':role/')[-1].split('/')[-1]
        return {
            'Credentials': {'AccessKeyId': key.identity, 'SecretAccessKey': key.secret,
                            'SessionToken': key.token, 'Expiration': key.expires},
            'AssumedRoleUser': {'AssumedRoleId': f'AROATEST:{session}',
                                'Arn': f'arn:aws:sts::{ACCOUNT}:assumed-role/{name}/{session}'}}

    def assume_role(self, call):
        return self.assumed(call)

    def assume_role_with_web_identity(self, call):
        token = self.about['web_identity']
        if token is not None and call.params['WebIdentityToken'] != token:
            raise ServiceError('InvalidIdentityToken', 'No OpenIDConnect provider found in your '
                               'account for this token')
        return {**self.assumed(call), 'Provider': 'test', 'Audience': 'sts.amazonaws.com'}

    def get_caller_identity(self, call):
        return {'UserId': call.key, 'Account': ACCOUNT,
                'Arn': f'arn:aws:iam::{ACCOUNT}:user/{call.key}'}
