/** What wakes the counting of quotas. */
import type { ResourceQuota } from '../../kube/generated/types.ts';
import type { ObjectName } from '../../kube/object.ts';
import { isTerminating } from '../../kube/object.ts';
import { pods, resourceQuotas } from '../../kube/resource-type.ts';
import type { Change } from '../../store/store.ts';
import { watch, type Cache, type Watch } from '../../workers/controller.ts';
import { namesOf, watchItself } from '../shared/pod-requests.ts';

/** The resource whose objects count under this name of a quota. */
export type CountedResource = (name: string) => string;

export function resourceQuotaWatches(countedResource: CountedResource): readonly Watch[] {
  const counts = ({ spec }: ResourceQuota, resource: string): boolean =>
    Object.keys(spec.hard ?? {}).some((name) => countedResource(name) === resource);
  const concerned = ({ resource, namespace }: Change['key'], cache: Cache): ObjectName[] =>
    namesOf(cache.list(resourceQuotas, namespace).filter((quota) => counts(quota, resource)));
  return [
    watchItself(resourceQuotas),
    watch(pods, ({ key }, cache) => concerned(key, cache)),
    // Admission counts what is written and deleted, but not what goes with its last finalizer.
    {
      type: 'everything',
      requests: ({ type, key, object }, cache) => (type === 'deleted' && isTerminating(object) ? concerned(key, cache) : []),
    },
  ];
}
