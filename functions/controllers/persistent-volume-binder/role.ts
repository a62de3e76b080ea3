import type { ControllerRole } from '../../kube/controller-role.ts';
import { eventRules, read, rule } from '../../kube/policy-rules.ts';

export const persistentVolumeBinderRole: ControllerRole = {
  name: 'persistent-volume-binder',
  rules: [
    rule([...read, 'create', 'delete', 'update'], '', 'persistentvolumes'),
    rule(['update'], '', 'persistentvolumeclaims/status persistentvolumes/status'),
    rule([...read, 'update'], '', 'persistentvolumeclaims'),
    rule([...read, 'create', 'delete'], '', 'pods'),
    rule(read, 'storage.k8s.io', 'storageclasses'),
    rule(['list', 'watch'], '', 'nodes'),
    rule(['watch'], '', 'events'),
    ...eventRules,
  ],
};
