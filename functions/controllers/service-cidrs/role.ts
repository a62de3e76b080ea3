import type { ControllerRole } from '../../kube/controller-role.ts';
import { eventRules, read, rule } from '../../kube/policy-rules.ts';

export const serviceCidrsRole: ControllerRole = {
  name: 'service-cidrs-controller',
  rules: [
    rule([...read, 'patch', 'update'], 'networking.k8s.io', 'servicecidrs'),
    rule(['patch', 'update'], 'networking.k8s.io', 'servicecidrs/finalizers servicecidrs/status'),
    rule(read, 'networking.k8s.io', 'ipaddresses'),
    ...eventRules,
  ],
};
