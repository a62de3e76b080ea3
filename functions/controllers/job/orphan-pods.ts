/**
 * Takes the tracking finalizer off pods that no Job will count: those of Jobs that ended or are gone, and those that
 * nothing controls any more. Source: pkg/controller/job/job_controller.go, syncOrphanPod.
 */
import { userNameOf } from '../../kube/controller-role.ts';
import { pods } from '../../kube/resource-type.ts';
import type { Controller } from '../../workers/controller.ts';
import { settled } from '../../workers/controller.ts';
import { namesOf } from '../shared/pod-requests.ts';
import { removeFinalizer } from './tracking-finalizer.ts';
import { isOrphan, jobOrphanPodsWatches } from './watches.ts';
import { jobRole } from './role.ts';

export const jobOrphanPodsController: Controller = {
  name: 'job-orphan-pods',
  actsAs: userNameOf(jobRole),
  component: 'job-controller',
  watches: jobOrphanPodsWatches,
  all: (cache) => namesOf(cache.list(pods).filter((pod) => isOrphan(pod, cache))),
  async reconcile(request, context) {
    const pod = context.cache.get(pods, request);
    if (pod !== undefined && isOrphan(pod, context.cache)) await removeFinalizer(pod, context);
    return settled;
  },
};
