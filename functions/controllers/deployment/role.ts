import type { ControllerRole } from '../../kube/controller-role.ts';
import { appsGroups, eventRules, read, rule } from '../../kube/policy-rules.ts';

export const deploymentRole: ControllerRole = {
  name: 'deployment-controller',
  rules: [
    rule([...read, 'update'], appsGroups, 'deployments'),
    rule(['update'], appsGroups, 'deployments/finalizers deployments/status'),
    rule([...read, 'create', 'delete', 'patch', 'update'], appsGroups, 'replicasets'),
    rule([...read, 'update'], '', 'pods'),
    ...eventRules,
  ],
};
