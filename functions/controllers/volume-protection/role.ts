import type { ControllerRole } from '../../kube/controller-role.ts';
import { eventRules, read, rule } from '../../kube/policy-rules.ts';

export const claimProtectionRole: ControllerRole = {
  name: 'pvc-protection-controller',
  rules: [
    rule([...read, 'update'], '', 'persistentvolumeclaims'),
    rule(['update'], '', 'persistentvolumeclaims/status'),
    rule(read, '', 'pods'),
    ...eventRules,
  ],
};

export const attributesClassProtectionRole: ControllerRole = {
  name: 'volumeattributesclass-protection-controller',
  rules: [
    rule(read, '', 'persistentvolumeclaims persistentvolumes'),
    rule([...read, 'update'], 'storage.k8s.io', 'volumeattributesclasses'),
    ...eventRules,
  ],
};

export const volumeProtectionRole: ControllerRole = {
  name: 'pv-protection-controller',
  rules: [rule([...read, 'update'], '', 'persistentvolumes'), ...eventRules],
};
