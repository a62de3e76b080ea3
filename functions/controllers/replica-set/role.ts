import type { ControllerRole } from '../../kube/controller-role.ts';
import { eventRules, read, rule } from '../../kube/policy-rules.ts';

export const replicaSetRole: ControllerRole = {
  name: 'replicaset-controller',
  rules: [
    rule([...read, 'patch', 'update'], 'apps', 'replicasets'),
    rule(['update'], 'apps', 'replicasets/finalizers replicasets/status'),
    rule([...read, 'create', 'delete', 'patch'], '', 'pods'),
    ...eventRules,
  ],
};
