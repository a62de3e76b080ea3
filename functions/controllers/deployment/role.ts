import type { ControllerRole } from '../../kube/controller-role.ts';
import { eventRules, read, rule } from '../../kube/policy-rules.ts';

export const deploymentRole: ControllerRole = {
  name: 'deployment-controller',
  rules: [
    rule([...read, 'patch', 'update'], 'apps', 'deployments'),
    rule(['update'], 'apps', 'deployments/finalizers deployments/status'),
    rule([...read, 'create', 'delete', 'patch', 'update'], 'apps', 'replicasets'),
    rule([...read, 'update'], '', 'pods'),
    ...eventRules,
  ],
};
