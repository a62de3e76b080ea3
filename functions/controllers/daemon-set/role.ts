import type { ControllerRole } from '../../kube/controller-role.ts';
import { appsGroups, eventRules, read, rule } from '../../kube/policy-rules.ts';

export const daemonSetRole: ControllerRole = {
  name: 'daemon-set-controller',
  rules: [
    rule(read, appsGroups, 'daemonsets'),
    rule(['update'], appsGroups, 'daemonsets/finalizers daemonsets/status'),
    rule(['list', 'watch'], '', 'nodes'),
    rule(['create', 'delete', 'list', 'patch', 'watch'], '', 'pods'),
    rule(['create'], '', 'pods/binding'),
    rule([...read, 'create', 'delete', 'patch', 'update'], 'apps', 'controllerrevisions'),
    ...eventRules,
  ],
};
