import type { ControllerRole } from '../../kube/controller-role.ts';
import { eventRules, read, rule } from '../../kube/policy-rules.ts';

export const ttlAfterFinishedRole: ControllerRole = {
  name: 'ttl-after-finished-controller',
  rules: [rule([...read, 'delete'], 'batch', 'jobs'), ...eventRules],
};
