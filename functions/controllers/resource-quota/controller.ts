/**
 * Counts anew what is used of a quota: a new quota, and what no admission of a write counts, such as a pod that ended.
 * Source: pkg/controller/resourcequota/resource_quota_controller.go.
 */
import { userNameOf } from '../../kube/controller-role.ts';
import { copy } from '../../kube/copy.ts';
import { deepEqual } from '../../kube/equality.ts';
import type { ResourceQuota } from '../../kube/generated/types.ts';
import type { KubeObject } from '../../kube/object.ts';
import { namespaceOf } from '../../kube/object.ts';
import { formatQuantity } from '../../kube/quantity.ts';
import { groupResource, resourceQuotas } from '../../kube/resource-type.ts';
import type { Cache, Controller } from '../../workers/controller.ts';
import { settled } from '../../workers/controller.ts';
import { namesOf } from '../shared/pod-requests.ts';
import type { ResourceTypes } from '../shared/resource-types.ts';
import { type CountedResource, resourceQuotaWatches } from './watches.ts';
import { resourceQuotaRole } from './role.ts';

/** How quotas count, for this controller as for the admission of writes. Resources are GroupResources. */
export interface QuotaRules {
  readonly countedResource: CountedResource;
  /** What the object takes of the quota, in billionths, by name. */
  usageOf(quota: ResourceQuota, resource: string, object: KubeObject): ReadonlyMap<string, bigint>;
}

export function createResourceQuotaController(rules: QuotaRules, resourceTypes: ResourceTypes): Controller {
  return {
    name: 'resource-quota',
    actsAs: userNameOf(resourceQuotaRole),
    component: 'resourcequota-controller',
    watches: resourceQuotaWatches(rules.countedResource),
    all: (cache) => namesOf(cache.list(resourceQuotas)),
    async reconcile(request, { cache, client }) {
      const quota = cache.get(resourceQuotas, request);
      if (quota === undefined) return settled;
      const status = { hard: { ...quota.spec.hard }, used: usedOf(quota, { cache, rules, resourceTypes }) };
      if (!deepEqual(status, quota.status)) await client.update(resourceQuotas, { ...copy(quota), status }, 'status');
      return settled;
    },
  };
}

interface Counting {
  readonly cache: Cache;
  readonly rules: QuotaRules;
  readonly resourceTypes: ResourceTypes;
}

function usedOf(quota: ResourceQuota, { cache, rules, resourceTypes }: Counting): Record<string, string> {
  const hard = quota.spec.hard ?? {};
  const used: Record<string, string> = {};
  const byResource = Map.groupBy(Object.keys(hard), rules.countedResource);
  for (const [resource, names] of byResource) {
    const type = resourceTypes().find((candidate) => groupResource(candidate) === resource);
    const usages = type === undefined ? [] : cache.list(type, namespaceOf(quota)).map((object) => rules.usageOf(quota, resource, object));
    for (const name of names) {
      const sum = usages.reduce((total, usage) => total + (usage.get(name) ?? 0n), 0n);
      used[name] = formatQuantity(sum, String(hard[name]).endsWith('i') ? 'BinarySI' : 'DecimalSI');
    }
  }
  return used;
}
