import type { ControllerRole } from '../../kube/controller-role.ts';
import { eventRules, read, rule } from '../../kube/policy-rules.ts';

export const endpointSliceMirroringRole: ControllerRole = {
  name: 'endpointslicemirroring-controller',
  rules: [
    rule(read, '', 'endpoints services'),
    rule(['update'], '', 'endpoints/finalizers services/finalizers'),
    rule([...read, 'create', 'delete', 'update'], 'discovery.k8s.io', 'endpointslices'),
    ...eventRules,
  ],
};
