/** What wakes the deletion of Jobs that ended. */
import type { Job } from '../../kube/generated/types.ts';
import { jobs } from '../../kube/resource-type.ts';
import { watch, type Watch } from '../../workers/controller.ts';
import { endOf } from '../shared/finished-jobs.ts';
import { namesOf } from '../shared/pod-requests.ts';

export const ttlAfterFinishedWatches: readonly Watch[] = [
  watch<Job>(jobs, ({ type, object }) => (type === 'deleted' || endOf(object) === undefined ? [] : namesOf([object]))),
];
