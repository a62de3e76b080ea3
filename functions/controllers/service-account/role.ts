import type { ControllerRole } from '../../kube/controller-role.ts';
import { eventRules, rule } from '../../kube/policy-rules.ts';

export const serviceAccountRole: ControllerRole = {
  name: 'service-account-controller',
  rules: [rule(['create'], '', 'serviceaccounts'), ...eventRules],
};
