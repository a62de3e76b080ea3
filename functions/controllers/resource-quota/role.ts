import type { ControllerRole } from '../../kube/controller-role.ts';
import { eventRules, rule } from '../../kube/policy-rules.ts';

export const resourceQuotaRole: ControllerRole = {
  name: 'resourcequota-controller',
  rules: [rule(['list', 'watch'], '*', '*'), rule(['update'], '', 'resourcequotas/status'), ...eventRules],
};
