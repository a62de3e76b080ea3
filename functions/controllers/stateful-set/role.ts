import type { ControllerRole } from '../../kube/controller-role.ts';
import { eventRules, read, rule } from '../../kube/policy-rules.ts';

export const statefulSetRole: ControllerRole = {
  name: 'statefulset-controller',
  rules: [
    rule(read, 'apps', 'statefulsets'),
    rule(['update'], 'apps', 'statefulsets/finalizers statefulsets/status'),
    rule([...read, 'create', 'delete', 'patch', 'update'], '', 'pods'),
    rule(['update'], '', 'pods/finalizers'),
    rule([...read, 'create', 'delete', 'patch', 'update'], 'apps', 'controllerrevisions'),
    rule([...read, 'create', 'delete', 'update'], '', 'persistentvolumeclaims'),
    ...eventRules,
  ],
};
