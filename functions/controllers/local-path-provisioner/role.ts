import type { ControllerRole } from '../../kube/controller-role.ts';
import { eventRules, read, rule } from '../../kube/policy-rules.ts';

/** Ours: elsewhere a provisioner is a pod with rights of its own. */
export const localPathProvisionerRole: ControllerRole = {
  name: 'local-path-provisioner',
  rules: [
    rule([...read, 'create', 'delete', 'update'], '', 'persistentvolumes'),
    rule([...read, 'update'], '', 'persistentvolumeclaims'),
    rule(read, '', 'nodes'),
    rule(read, 'storage.k8s.io', 'storageclasses'),
    ...eventRules,
  ],
};
