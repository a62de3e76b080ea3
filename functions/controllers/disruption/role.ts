import type { ControllerRole } from '../../kube/controller-role.ts';
import { appsGroups, eventRules, read, rule } from '../../kube/policy-rules.ts';

export const disruptionRole: ControllerRole = {
  name: 'disruption-controller',
  rules: [
    rule(read, appsGroups, 'deployments replicasets'),
    rule(read, 'apps', 'statefulsets'),
    rule(read, '', 'replicationcontrollers'),
    rule(read, 'policy', 'poddisruptionbudgets'),
    rule(['update'], 'policy', 'poddisruptionbudgets/status'),
    rule(['patch', 'update'], '', 'pods/status'),
    rule(['get'], '*', '*/scale'),
    ...eventRules,
  ],
};
