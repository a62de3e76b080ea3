import type { ControllerRole } from '../../kube/controller-role.ts';
import { eventRules, read, rule } from '../../kube/policy-rules.ts';

export const endpointsRole: ControllerRole = {
  name: 'endpoint-controller',
  rules: [
    rule(read, '', 'pods services'),
    rule([...read, 'create', 'delete', 'update'], '', 'endpoints'),
    rule(['create'], '', 'endpoints/restricted'),
    ...eventRules,
  ],
};
