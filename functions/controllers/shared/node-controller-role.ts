/** Upstream has one identity for what watches over nodes and for what evicts pods from them. */
import type { ControllerRole } from '../../kube/controller-role.ts';
import { eventRules, read, rule } from '../../kube/policy-rules.ts';

export const nodeControllerRole: ControllerRole = {
  name: 'node-controller',
  rules: [
    rule([...read, 'delete', 'patch', 'update'], '', 'nodes'),
    rule(['patch', 'update'], '', 'nodes/status pods/status'),
    rule([...read, 'delete'], '', 'pods'),
    rule(read, 'coordination.k8s.io', 'leases'),
    ...eventRules,
  ],
};
