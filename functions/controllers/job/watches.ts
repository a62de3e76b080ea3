/** What wakes the controllers of Jobs. */
import type { Job, Pod } from '../../kube/generated/types.ts';
import { requirementsOf } from '../../kube/labels.ts';
import { namespaceOf, uidOf } from '../../kube/object.ts';
import { controllerOf } from '../../kube/owners.ts';
import { apiVersionOf, jobs, pods } from '../../kube/resource-type.ts';
import { type Cache, type Watch, watch } from '../../workers/controller.ts';
import { namesOf, watchItself, watchPodsOf } from '../shared/pod-requests.ts';
import { isJobFinished } from './conditions.ts';
import { isTracked } from './job-state.ts';

export const selectorOfJob = ({ spec }: Job): ReturnType<typeof requirementsOf> => requirementsOf(spec.selector);

export const jobWatches: readonly Watch[] = [watchItself(jobs), watchPodsOf(jobs, selectorOfJob)];

export function isOrphan(pod: Pod, cache: Cache): boolean {
  if (!isTracked(pod)) return false;
  const owner = controllerOf(pod);
  if (owner === undefined) return true;
  if (owner.kind !== jobs.kind || owner.apiVersion !== apiVersionOf(jobs)) return false;
  const job = cache.get(jobs, { namespace: namespaceOf(pod), name: owner.name });
  if (job === undefined || uidOf(job) !== owner.uid) return true;
  return isJobFinished(job) && job.spec.managedBy === undefined;
}

export const jobOrphanPodsWatches: readonly Watch[] = [
  watch<Pod>(pods, ({ type, object }, cache) => (type !== 'deleted' && isOrphan(object, cache) ? namesOf([object]) : [])),
  watch<Job>(jobs, ({ type, object }, cache) => {
    if (type !== 'deleted' && !isJobFinished(object)) return [];
    return namesOf(cache.controlledBy(pods, uidOf(object)).filter(isTracked));
  }),
];
