/** As whom the API asks nodes of upstream's kubelet. Only hosts that dial nodes have the binding. */
import type { ClusterRoleBinding } from '../../kube/generated/types.ts';
import { binding, user } from './bindings.ts';

export const kubeletClientName = 'kube-apiserver-kubelet-client';

export const kubeletClientRole: ClusterRoleBinding = binding(
  'hibernetes:kubelet-client',
  [user(kubeletClientName)],
  'system:kubelet-api-admin',
);
