/**
 * Takes DisruptionTarget back from pods that were to go and are still there after two minutes.
 * Source: pkg/controller/disruption/disruption.go, syncStalePodDisruption.
 */
import { conditionOf, withCondition } from '../../kube/conditions.ts';
import { copy } from '../../kube/copy.ts';
import type { Pod, PodCondition } from '../../kube/generated/types.ts';
import { isTerminating } from '../../kube/object.ts';
import { isPodFinished } from '../../kube/pod.ts';
import { pods } from '../../kube/resource-type.ts';
import { parseTime, timestamp } from '../../kube/time.ts';
import type { Controller } from '../../workers/controller.ts';
import { again, settled, watch } from '../../workers/controller.ts';
import { namesOf } from '../shared/pod-requests.ts';

const staleMs = 120_000;

/** undefined: the pod bears no such condition, or rightly so. The kubelet may take as long as it likes. */
function staleAtMs(pod: Pod): number | undefined {
  const condition = conditionOf(pod.status?.conditions, 'DisruptionTarget');
  if (isTerminating(pod) || isPodFinished(pod) || condition?.status !== 'True' || condition.reason === 'TerminationByKubelet')
    return undefined;
  return condition.lastTransitionTime === undefined ? 0 : parseTime(condition.lastTransitionTime) + staleMs;
}

export const staleDisruptionController: Controller = {
  name: 'stale-disruption',
  actsAs: 'system:serviceaccount:kube-system:disruption-controller',
  component: 'controllermanager',
  watches: [watch<Pod>(pods, ({ type, object }) => (type !== 'deleted' && staleAtMs(object) !== undefined ? namesOf([object]) : []))],
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
