import type { ControllerRole } from '../../kube/controller-role.ts';
import { eventRules, read, rule } from '../../kube/policy-rules.ts';

export const attachDetachRole: ControllerRole = {
  name: 'attachdetach-controller',
  rules: [
    rule(['list', 'watch'], '', 'persistentvolumeclaims persistentvolumes pods'),
    rule(read, '', 'nodes'),
    rule(['patch', 'update'], '', 'nodes/status'),
    rule([...read, 'create', 'delete'], 'storage.k8s.io', 'volumeattachments'),
    rule(read, 'storage.k8s.io', 'csidrivers csinodes'),
    ...eventRules,
  ],
};
