import type { ControllerRole } from '../../kube/controller-role.ts';
import { eventRules, read, rule } from '../../kube/policy-rules.ts';

export const jobRole: ControllerRole = {
  name: 'job-controller',
  rules: [
    rule([...read, 'patch', 'update'], 'batch', 'jobs'),
    rule(['update'], 'batch', 'jobs/finalizers jobs/status'),
    rule(['create', 'delete', 'list', 'patch', 'watch'], '', 'pods'),
    ...eventRules,
  ],
};
