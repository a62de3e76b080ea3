/** Roles of Hibernetes to read what the API serves to machines that join. Only hosts that serve these files have them. */
import type { ClusterRole, ClusterRoleBinding } from '../../kube/generated/types.ts';
import { binding, group } from './bindings.ts';
import { urls } from '../../kube/policy-rules.ts';
import { clusterRole } from './user-roles.ts';

export const joinRoles: readonly (ClusterRole | ClusterRoleBinding)[] = [
  clusterRole('hibernetes:join-script', [urls(['get'], '/join.sh')]),
  clusterRole('hibernetes:join-files', [urls(['get'], '/join/*')]),
  binding('hibernetes:join-script', [group('system:authenticated'), group('system:unauthenticated')]),
  binding('hibernetes:join-files', [group('system:bootstrappers'), group('system:nodes')]),
];
