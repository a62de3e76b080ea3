/**
 * Takes DisruptionTarget back from pods that were to go and are still there after two minutes.
 * Source: pkg/controller/disruption/disruption.go, syncStalePodDisruption.
 */
import { userNameOf } from '../../kube/controller-role.ts';
import { withCondition } from '../../kube/conditions.ts';
import { copy } from '../../kube/copy.ts';
import type { PodCondition } from '../../kube/generated/types.ts';
import { pods } from '../../kube/resource-type.ts';
import { timestamp } from '../../kube/time.ts';
import type { Controller } from '../../workers/controller.ts';
import { again, settled } from '../../workers/controller.ts';
import { namesOf } from '../shared/pod-requests.ts';
import { staleAtMs, staleDisruptionWatches } from './watches.ts';
import { disruptionRole } from './role.ts';

export const staleDisruptionController: Controller = {
  name: 'stale-disruption',
  actsAs: userNameOf(disruptionRole),
  component: 'controllermanager',
  watches: staleDisruptionWatches,
  all: (cache) => namesOf(cache.list(pods).filter((pod) => staleAtMs(pod) !== undefined)),
  async reconcile(request, { cache, client, clock }) {
    const pod = cache.get(pods, request);
    const atMs = pod === undefined ? undefined : staleAtMs(pod);
    if (pod === undefined || atMs === undefined) return settled;
    const nowMs = clock.now();
    if (atMs > nowMs) return again((atMs - nowMs) / 1000);
    const condition: PodCondition = { type: 'DisruptionTarget', status: 'False' };
    const conditions = withCondition<PodCondition>(pod.status?.conditions, condition, timestamp(nowMs));
    await client.update(pods, { ...copy(pod), status: { ...pod.status, conditions } }, 'status');
    return settled;
  },
};
