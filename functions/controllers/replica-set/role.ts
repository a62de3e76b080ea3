import type { ControllerRole } from '../../kube/controller-role.ts';
import { appsGroups, eventRules, read, rule } from '../../kube/policy-rules.ts';

export const replicaSetRole: ControllerRole = {
  name: 'replicaset-controller',
  rules: [
    rule([...read, 'update'], appsGroups, 'replicasets'),
    rule(['update'], appsGroups, 'replicasets/finalizers replicasets/status'),
    rule(['create', 'delete', 'list', 'patch', 'watch'], '', 'pods'),
    ...eventRules,
  ],
};
