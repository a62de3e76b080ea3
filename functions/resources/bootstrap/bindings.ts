/** Who has which role from the first moment on. Source: plugin/pkg/auth/authorizer/rbac/bootstrappolicy/policy.go. */
import type { ClusterRoleBinding, RbacSubject } from '../../kube/generated/types.ts';
import { bootstrapLabels } from './user-roles.ts';

const apiGroup = 'rbac.authorization.k8s.io';
export const group = (name: string): RbacSubject => ({ kind: 'Group', apiGroup, name });
export const user = (name: string): RbacSubject => ({ kind: 'User', apiGroup, name });
const authenticated = group('system:authenticated');
const unauthenticated = group('system:unauthenticated');

export function binding(name: string, subjects: RbacSubject[], role = name): ClusterRoleBinding {
  return {
    apiVersion: `${apiGroup}/v1`,
    kind: 'ClusterRoleBinding',
    metadata: { name, labels: { ...bootstrapLabels }, annotations: { 'rbac.authorization.kubernetes.io/autoupdate': 'true' } },
    roleRef: { apiGroup, kind: 'ClusterRole', name: role },
    subjects,
  };
}

export const bootstrapBindings: readonly ClusterRoleBinding[] = [
  binding('cluster-admin', [group('system:masters')]),
  binding('system:monitoring', [group('system:monitoring')]),
  binding('system:discovery', [authenticated]),
  binding('system:basic-user', [authenticated]),
  binding('system:public-info-viewer', [authenticated, unauthenticated]),
  binding('system:service-account-issuer-discovery', [group('system:serviceaccounts')]),
  binding('system:cluster-trust-bundle-discovery', [group('system:serviceaccounts')]),
  binding('system:node-proxier', [user('system:kube-proxy')]),
  binding('system:kube-controller-manager', [user('system:kube-controller-manager')]),
  binding('system:kube-scheduler', [user('system:kube-scheduler')]),
  binding('system:volume-scheduler', [user('system:kube-scheduler')]),
  binding('system:kube-dns', [{ kind: 'ServiceAccount', name: 'kube-dns', namespace: 'kube-system' }]),
  // Nodes get their rights from the node authorizer, each only for its own: upstream binds the role to no user.
  binding('system:node', []),
  // A token of `kubeadm`'s kind asks for a node's credential and nothing else.
  binding('hibernetes:node-joiner', [group('system:bootstrappers')]),
];
