/** What wakes the aggregation of ClusterRoles. */
import type { ClusterRole } from '../../kube/generated/types.ts';
import { clusterRoles } from '../../kube/resource-type.ts';
import { watch, type Cache, type Watch } from '../../workers/controller.ts';
import { namesOf } from '../shared/pod-requests.ts';

export const aggregated = (cache: Cache): readonly ClusterRole[] =>
  cache.list(clusterRoles).filter(({ aggregationRule }) => aggregationRule !== undefined);

export const clusterRoleAggregationWatches: readonly Watch[] = [
  watch<ClusterRole>(clusterRoles, (_change, cache) => namesOf(aggregated(cache))),
];
