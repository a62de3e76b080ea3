import type { ControllerRole } from '../../kube/controller-role.ts';
import { eventRules, read, rule } from '../../kube/policy-rules.ts';

export const endpointSliceRole: ControllerRole = {
  name: 'endpointslice-controller',
  rules: [
    rule(read, '', 'nodes pods services'),
    rule(['update'], '', 'services/finalizers'),
    rule([...read, 'create', 'delete', 'update'], 'discovery.k8s.io', 'endpointslices'),
    ...eventRules,
  ],
};
