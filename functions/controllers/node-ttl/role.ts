import type { ControllerRole } from '../../kube/controller-role.ts';
import { eventRules, rule } from '../../kube/policy-rules.ts';

export const nodeTtlRole: ControllerRole = {
  name: 'ttl-controller',
  rules: [rule(['list', 'patch', 'update', 'watch'], '', 'nodes'), ...eventRules],
};
