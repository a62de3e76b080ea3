/** Roles that are made of other roles. Source: pkg/controller/clusterroleaggregation/clusterroleaggregation_controller.go. */
import { userNameOf } from '../../kube/controller-role.ts';
import { deepEqual } from '../../kube/equality.ts';
import type { ClusterRole, PolicyRule } from '../../kube/generated/types.ts';
import { matchesLabels, requirementsOf } from '../../kube/labels.ts';
import { labelsOf, nameOf } from '../../kube/object.ts';
import { clusterRoles } from '../../kube/resource-type.ts';
import type { Controller } from '../../workers/controller.ts';
import { settled } from '../../workers/controller.ts';
import { namesOf } from '../shared/pod-requests.ts';
import { aggregated, clusterRoleAggregationWatches } from './watches.ts';
import { clusterRoleAggregationRole } from './role.ts';

export const clusterRoleAggregationController: Controller = {
  name: 'clusterrole-aggregation',
  actsAs: userNameOf(clusterRoleAggregationRole),
  watches: clusterRoleAggregationWatches,
  all: (cache) => namesOf(aggregated(cache)),
  async reconcile(request, { cache, client }) {
    const role = cache.get(clusterRoles, request);
    if (role?.aggregationRule === undefined) return settled;
    const rules = aggregatedRules(role, cache.list(clusterRoles));
    if (deepEqual(rules, role.rules ?? [])) return settled;
    const { resourceVersion } = role.metadata;
    await client.patch(clusterRoles, request, { metadata: { resourceVersion }, rules });
    return settled;
  },
};

/** Each rule once; `roles` are in the order of their names. */
export function aggregatedRules(role: ClusterRole, roles: readonly ClusterRole[]): PolicyRule[] {
  const rules: PolicyRule[] = [];
  for (const selector of role.aggregationRule?.clusterRoleSelectors ?? []) {
    const requirements = requirementsOf(selector);
    const parts = roles.filter((part) => nameOf(part) !== nameOf(role) && matchesLabels(requirements, labelsOf(part)));
    for (const rule of parts.flatMap((part) => part.rules ?? [])) {
      if (!rules.some((known) => deepEqual(known, rule))) rules.push(rule);
    }
  }
  return rules;
}
