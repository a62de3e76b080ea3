import type { ControllerRole } from '../../kube/controller-role.ts';
import { eventRules, read, rule } from '../../kube/policy-rules.ts';

export const ephemeralVolumeRole: ControllerRole = {
  name: 'ephemeral-volume-controller',
  rules: [
    rule(read, '', 'pods'),
    rule(['update'], '', 'pods/finalizers'),
    rule([...read, 'create'], '', 'persistentvolumeclaims'),
    ...eventRules,
  ],
};
