# SPDX-License-Identifier: GPL-2.0-only
"""CloudWatch's alarms, of metrics and composite. Kept in alarms.json; never evaluated: their state
is what SetAlarmState says."""
import re

from .errors import ServiceError
from .metrics import Metrics, check_dimensions, refuse_value
from .service import check_params, parse_json
from .state import ACCOUNT, JsonFile

ACTION = re.compile(r'arn:aws[a-z-]*:[a-z0-9-]+:[a-z0-9-]*:(\d{12})?:.+')
MISSING = ('breaching', 'notBreaching', 'ignore', 'missing')
DAY = 86400
WEEK = 7 * DAY
METRIC_ALARM, COMPOSITE = 'MetricAlarm', 'CompositeAlarm'
ACTIONS = ('OKActions', 'AlarmActions', 'InsufficientDataActions')


class CloudWatch(Metrics):
    def __init__(self, state):
        super().__init__(state)
        self.alarms = JsonFile(state, 'alarms.json')  # name -> {kind, members}

    @staticmethod
    def take_params(call):
        if call.request.header('x-amz-target'):
            call.params = parse_json(call)
        check_params(call, call.params)
        call.notes.update(alarm=call.params.get('AlarmName'))

    @staticmethod
    def check_actions(call):
        for kind in ACTIONS:
            actions = call.params.get(kind, [])
            for action in actions:
                if not ACTION.fullmatch(action):
                    refuse_value(call, f'Invalid arn syntax: {action} in {kind}')
            if len(set(actions)) != len(actions):
                refuse_value(call, f'{kind} has an action twice')

    def check_put_metric_alarm(self, call):
        self.take_params(call)
        params = call.params
        self.check_actions(call)
        if 'Metrics' in params:
            return
        for name in ('MetricName', 'Namespace', 'Period', 'Threshold'):
            if name not in params:
                refuse_value(call, f'{name} is missing', 'MissingParameterException')
        if ('Statistic' in params) == ('ExtendedStatistic' in params):
            refuse_value(call, 'exactly one of Statistic and ExtendedStatistic is needed',
                         'InvalidParameterCombinationException')
        check_dimensions(call, 'Alarm', params.get('Dimensions', ()))
        period, count = params['Period'], params['EvaluationPeriods']
        if period not in (10, 20, 30) and period % 60:
            refuse_value(call, f'Period {period} is none of 10, 20, 30, 60 n')
        if period * count > (WEEK if period >= 3600 else DAY):
            refuse_value(call, 'Metrics cannot be checked across more than a day (EvaluationPeriods'
                         ' * Period must be <= 86400)')
        if params.get('DatapointsToAlarm', 1) > count:
            refuse_value(call, 'DatapointsToAlarm exceeds EvaluationPeriods')
        if params.get('TreatMissingData', 'missing') not in MISSING:
            refuse_value(call, f"TreatMissingData is none of {MISSING}")

    def check_put_composite_alarm(self, call):
        self.take_params(call)
        self.check_actions(call)
        names = re.findall(r'(?:ALARM|OK|INSUFFICIENT_DATA)\(\s*"?([^")]+?)"?\s*\)',
                           call.params['AlarmRule'])
        for name in names:
            if name not in self.alarms.value:
                call.refuse('ValidationError', f'AlarmRule: there is no alarm {name}', None)
        if not names and 'TRUE' not in call.params['AlarmRule'] and \
                'FALSE' not in call.params['AlarmRule']:
            refuse_value(call, f"AlarmRule {call.params['AlarmRule']!r}")

    def put(self, call, kind):
        params, now = dict(call.params), self.state.now()
        params.pop('Tags', None)
        with self.alarms.lock:
            # An alarm that is overwritten keeps its state.
            old = self.alarms.value.get(params['AlarmName'], {}).get('members', {})
            state = {'StateValue': 'INSUFFICIENT_DATA', 'StateUpdatedTimestamp': now,
                     'StateReason': 'Unchecked: Initial alarm creation'}
            members = {'ActionsEnabled': True, **{name: [] for name in ACTIONS}, **params,
                       'AlarmArn': f'arn:aws:cloudwatch:{call.region}:{ACCOUNT}:alarm:'
                       + params['AlarmName'], 'AlarmConfigurationUpdatedTimestamp': now,
                       **{name: old.get(name, value) for name, value in state.items()}}
            if kind == METRIC_ALARM:
                members.setdefault('Dimensions', [])
            self.alarms.value[params['AlarmName']] = {'kind': kind, 'members': members}
            self.alarms.save()

    def put_metric_alarm(self, call):
        self.put(call, METRIC_ALARM)

    def put_composite_alarm(self, call):
        self.put(call, COMPOSITE)

    def set_alarm_state(self, call):
        with self.alarms.lock:
            alarm = self.alarms.value.get(call.params['AlarmName'])
            if alarm is None:
                raise ServiceError('ResourceNotFound', '', 404)
            alarm['members'].update(StateValue=call.params['StateValue'],
                                    StateReason=call.params['StateReason'],
                                    StateUpdatedTimestamp=self.state.now())
            self.alarms.save()

    def describe_alarms(self, call):
        params = call.params
        if 'AlarmNames' in params and 'AlarmNamePrefix' in params:
            raise ServiceError('InvalidParameterCombinationException',
                               'AlarmNames and AlarmNamePrefix exclude each other')
        kinds = params.get('AlarmTypes', [METRIC_ALARM])
        found = [alarm for name, alarm in sorted(self.alarms.value.items())
                 if alarm['kind'] in kinds
                 and name in params.get('AlarmNames', [name])
                 and name.startswith(params.get('AlarmNamePrefix', ''))
                 and alarm['members']['StateValue'] == params.get(
                     'StateValue', alarm['members']['StateValue'])
                 and any(action.startswith(params.get('ActionPrefix', '')) for kind in ACTIONS
                         for action in alarm['members'][kind] or [''])]
        start, size = int(params.get('NextToken') or 0), params.get('MaxRecords', 50)
        page = found[start:start + size]
        result = {'MetricAlarms': [a['members'] for a in page if a['kind'] == METRIC_ALARM],
                  'CompositeAlarms': [a['members'] for a in page if a['kind'] == COMPOSITE]}
        if start + size < len(found):
            result['NextToken'] = str(start + size)
        return result

    def delete_alarms(self, call):
        """Names that are not there are passed over, as the service does."""
        with self.alarms.lock:
            for name in call.params['AlarmNames']:
                self.alarms.value.pop(name, None)
            self.alarms.save()
