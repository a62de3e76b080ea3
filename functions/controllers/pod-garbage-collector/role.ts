import type { ControllerRole } from '../../kube/controller-role.ts';
import { read, rule } from '../../kube/policy-rules.ts';

export const podGarbageCollectorRole: ControllerRole = {
  name: 'pod-garbage-collector',
  rules: [rule([...read, 'delete'], '', 'pods'), rule(['get', 'list'], '', 'nodes'), rule(['patch', 'update'], '', 'pods/status')],
};
