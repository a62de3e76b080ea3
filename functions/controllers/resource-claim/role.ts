import type { ControllerRole } from '../../kube/controller-role.ts';
import { eventRules, read, rule } from '../../kube/policy-rules.ts';

export const resourceClaimRole: ControllerRole = {
  name: 'resource-claim-controller',
  rules: [
    rule(read, '', 'pods'),
    rule(['update'], '', 'pods/finalizers'),
    rule([...read, 'create', 'delete'], 'resource.k8s.io', 'resourceclaims'),
    rule(['patch', 'update'], 'resource.k8s.io', 'resourceclaims resourceclaims/binding resourceclaims/status'),
    rule(['patch', 'update'], '', 'pods/status'),
    ...eventRules,
  ],
};
