import type { ControllerRole } from '../../kube/controller-role.ts';
import { rule } from '../../kube/policy-rules.ts';

export const clusterRoleAggregationRole: ControllerRole = {
  name: 'clusterrole-aggregation-controller',
  rules: [rule(['escalate', 'get', 'list', 'patch', 'update', 'watch'], 'rbac.authorization.k8s.io', 'clusterroles')],
};
