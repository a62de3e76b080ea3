/** Deletes Jobs some time after they ended. Source: pkg/controller/ttlafterfinished/ttlafterfinished_controller.go. */
import { userNameOf } from '../../kube/controller-role.ts';
import type { Job } from '../../kube/generated/types.ts';
import { isTerminating } from '../../kube/object.ts';
import { jobs } from '../../kube/resource-type.ts';
import { parseTime } from '../../kube/time.ts';
import type { Controller } from '../../workers/controller.ts';
import { again, settled } from '../../workers/controller.ts';
import { endOf } from '../shared/finished-jobs.ts';
import { namesOf } from '../shared/pod-requests.ts';
import { remove } from '../shared/removal.ts';
import { ttlAfterFinishedWatches } from './watches.ts';
import { ttlAfterFinishedRole } from './role.ts';

/** undefined: the Job is not to be deleted. */
function expiryMs(job: Job): number | undefined {
  const ended = endOf(job);
  const { ttlSecondsAfterFinished } = job.spec;
  if (isTerminating(job) || ended?.lastTransitionTime === undefined || ttlSecondsAfterFinished === undefined) return undefined;
  return parseTime(ended.lastTransitionTime) + ttlSecondsAfterFinished * 1000;
}

export const ttlAfterFinishedController: Controller = {
  name: 'ttl-after-finished',
  actsAs: userNameOf(ttlAfterFinishedRole),
  watches: ttlAfterFinishedWatches,
  all: (cache) => namesOf(cache.list(jobs).filter((job) => expiryMs(job) !== undefined)),
  async reconcile(request, context) {
    const job = context.cache.get(jobs, request);
    const atMs = job === undefined ? undefined : expiryMs(job);
    if (job === undefined || atMs === undefined) return settled;
    const leftMs = atMs - context.clock.now();
    if (leftMs > 0) return again(leftMs / 1000);
    // A Job that got a longer time meanwhile has another version.
    const preconditions = { resourceVersion: job.metadata.resourceVersion };
    await remove(jobs, job, context, { propagationPolicy: 'Foreground', preconditions });
    return settled;
  },
};
