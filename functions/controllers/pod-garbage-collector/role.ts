import type { ControllerRole } from '../../kube/controller-role.ts';
import { read, rule } from '../../kube/policy-rules.ts';

export const podGarbageCollectorRole: ControllerRole = {
  name: 'pod-garbage-collector',
  rules: [rule(['delete', 'list', 'watch'], '', 'pods'), rule(read, '', 'nodes'), rule(['patch'], '', 'pods/status')],
};
