import type { ControllerRole } from '../../kube/controller-role.ts';
import { eventRules, rule } from '../../kube/policy-rules.ts';

/** Whose certificates the bundle holds. */
export const servingSigner = 'kubernetes.io/kube-apiserver-serving';

export const trustBundlePublisherRole: ControllerRole = {
  name: 'kube-apiserver-serving-clustertrustbundle-publisher',
  rules: [
    { ...rule(['attest'], 'certificates.k8s.io', 'signers'), resourceNames: [servingSigner] },
    rule(['create', 'delete', 'list', 'update', 'watch'], 'certificates.k8s.io', 'clustertrustbundles'),
    ...eventRules,
  ],
};
