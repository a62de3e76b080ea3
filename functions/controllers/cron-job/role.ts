import type { ControllerRole } from '../../kube/controller-role.ts';
import { eventRules, read, rule } from '../../kube/policy-rules.ts';

export const cronJobRole: ControllerRole = {
  name: 'cronjob-controller',
  rules: [
    rule([...read, 'update'], 'batch', 'cronjobs'),
    rule([...read, 'create', 'delete', 'patch', 'update'], 'batch', 'jobs'),
    rule(['update'], 'batch', 'cronjobs/finalizers cronjobs/status'),
    rule(['delete', 'list', 'watch'], '', 'pods'),
    ...eventRules,
  ],
};
