import type { ControllerRole } from '../../kube/controller-role.ts';
import { eventRules, read, rule } from '../../kube/policy-rules.ts';

export const deviceTaintEvictionRole: ControllerRole = {
  name: 'device-taint-eviction-controller',
  rules: [
    rule([...read, 'delete'], '', 'pods'),
    rule(['patch', 'update'], '', 'pods/status'),
    rule(read, 'resource.k8s.io', 'deviceclasses devicetaintrules resourceclaims resourceslices'),
    rule(['patch', 'update'], 'resource.k8s.io', 'devicetaintrules/status'),
    ...eventRules,
  ],
};
