import type { ControllerRole } from '../../kube/controller-role.ts';
import { eventRules, read, rule } from '../../kube/policy-rules.ts';

export const serviceAccountRole: ControllerRole = {
  name: 'service-account-controller',
  rules: [rule([...read, 'create'], '', 'serviceaccounts'), rule(read, '', 'namespaces'), ...eventRules],
};
