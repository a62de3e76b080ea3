import type { ControllerRole } from '../../kube/controller-role.ts';
import { eventRules, rule } from '../../kube/policy-rules.ts';

export const garbageCollectorRole: ControllerRole = {
  name: 'generic-garbage-collector',
  rules: [rule(['delete', 'get', 'list', 'patch', 'update', 'watch'], '*', '*'), ...eventRules],
};
