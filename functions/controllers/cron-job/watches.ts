/** What wakes the controller of CronJobs. */
import type { Job } from '../../kube/generated/types.ts';
import { uidOf } from '../../kube/object.ts';
import { controllerOf } from '../../kube/owners.ts';
import { cronJobs, jobs } from '../../kube/resource-type.ts';
import { watch, type Watch } from '../../workers/controller.ts';
import { namesOf, watchItself } from '../shared/pod-requests.ts';

export const cronJobWatches: readonly Watch[] = [
  watchItself(cronJobs),
  watch<Job>(jobs, ({ object, key }, cache) => {
    const owner = controllerOf(object);
    if (owner?.kind !== cronJobs.kind) return [];
    const cronJob = cache.get(cronJobs, { namespace: key.namespace, name: owner.name });
    return cronJob !== undefined && uidOf(cronJob) === owner.uid ? namesOf([cronJob]) : [];
  }),
];
