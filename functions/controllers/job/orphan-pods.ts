/**
 * Takes the tracking finalizer off pods that no Job will count: those of Jobs that ended or are gone, and those that
 * nothing controls any more. Source: pkg/controller/job/job_controller.go, syncOrphanPod.
 */
import type { Job, Pod } from '../../kube/generated/types.ts';
import { namespaceOf, uidOf } from '../../kube/object.ts';
import { controllerOf } from '../../kube/owners.ts';
import { apiVersionOf, jobs, pods } from '../../kube/resource-type.ts';
import type { Cache, Controller } from '../../workers/controller.ts';
import { settled, watch } from '../../workers/controller.ts';
import { namesOf } from '../shared/pod-requests.ts';
import { isJobFinished } from './conditions.ts';
import { isTracked } from './job-state.ts';
import { removeFinalizer } from './tracking-finalizer.ts';

function isOrphan(pod: Pod, cache: Cache): boolean {
  if (!isTracked(pod)) return false;
  const owner = controllerOf(pod);
  if (owner === undefined) return true;
  if (owner.kind !== jobs.kind || owner.apiVersion !== apiVersionOf(jobs)) return false;
  const job = cache.get(jobs, { namespace: namespaceOf(pod), name: owner.name });
  if (job === undefined || uidOf(job) !== owner.uid) return true;
  return isJobFinished(job) && job.spec.managedBy === undefined;
}

export const jobOrphanPodsController: Controller = {
  name: 'job-orphan-pods',
  actsAs: 'system:serviceaccount:kube-system:job-controller',
  component: 'job-controller',
  watches: [
    watch<Pod>(pods, ({ type, object }, cache) => (type !== 'deleted' && isOrphan(object, cache) ? namesOf([object]) : [])),
    watch<Job>(jobs, ({ type, object }, cache) => {
      if (type !== 'deleted' && !isJobFinished(object)) return [];
      return namesOf(cache.controlledBy(pods, uidOf(object)).filter(isTracked));
    }),
  ],
  all: (cache) => namesOf(cache.list(pods).filter((pod) => isOrphan(pod, cache))),
  async reconcile(request, context) {
    const pod = context.cache.get(pods, request);
    if (pod !== undefined && isOrphan(pod, context.cache)) await removeFinalizer(pod, context);
    return settled;
  },
};
