import type { ControllerRole } from '../../kube/controller-role.ts';
import { eventRules, read, rule } from '../../kube/policy-rules.ts';

export const replicationControllerRole: ControllerRole = {
  name: 'replication-controller',
  rules: [
    rule([...read, 'update'], '', 'replicationcontrollers'),
    rule(['update'], '', 'replicationcontrollers/finalizers replicationcontrollers/status'),
    rule(['create', 'delete', 'list', 'patch', 'watch'], '', 'pods'),
    ...eventRules,
  ],
};
