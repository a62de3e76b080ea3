/** Deletes pods whose devices have NoExecute taints that their claims do not tolerate. Source: pkg/controller/devicetainteviction/device_taint_eviction.go. */
import { userNameOf } from '../../kube/controller-role.ts';
import type { Pod } from '../../kube/generated/types.ts';
import { isTerminating, uidOf } from '../../kube/object.ts';
import { pods } from '../../kube/resource-type.ts';
import { again, type Controller, type ReconcileContext, settled } from '../../workers/controller.ts';
import { usesClaims } from '../resource-claim/watches.ts';
import { markDisrupted } from '../shared/disruption.ts';
import { namesOf } from '../shared/pod-requests.ts';
import { remove } from '../shared/removal.ts';
import { evictionOf } from './eviction.ts';
import { deviceTaintEvictionRole } from './role.ts';
import { createRuleStatusController } from './rule-status.ts';
import { deviceTaintEvictionWatches } from './watches.ts';

const eventReason = 'DeviceTaintManagerEviction';
const disruption = { reason: 'DeletionByDeviceTaintManager', message: 'Device Taint manager: deleting due to NoExecute taint' };

/** The evictions, and the status of the rules that cause them. */
export function createDeviceTaintControllers(): readonly Controller[] {
  /** Pods that were evicted because of a rule, by its uid; since this process runs, as upstream counts them. */
  const evicted = new Map<string, number>();
  return [
    {
      name: 'device-taint-eviction',
      actsAs: userNameOf(deviceTaintEvictionRole),
      component: 'device-taint-eviction-controller',
      watches: deviceTaintEvictionWatches,
      all: (cache) => namesOf(cache.list(pods).filter(usesClaims)),
      async reconcile(request, context, note) {
        const pod = context.cache.get(pods, request);
        if (pod === undefined || isTerminating(pod)) return settled;
        const eviction = evictionOf(pod, context.cache);
        if (eviction === undefined) {
          if (note !== undefined) context.events.event(pod, 'Normal', eventReason, 'Cancelling deletion');
          return settled;
        }
        const leftMs = eviction.atMs - context.clock.now();
        if (leftMs > 0) return again(leftMs / 1000, { atMs: eviction.atMs });
        await evict(pod, context);
        for (const rule of eviction.rules) evicted.set(uidOf(rule), (evicted.get(uidOf(rule)) ?? 0) + 1);
        return settled;
      },
    },
    createRuleStatusController((rule) => evicted.get(uidOf(rule)) ?? 0),
  ];
}

async function evict(pod: Pod, context: ReconcileContext): Promise<void> {
  context.events.event(pod, 'Normal', eventReason, 'Marking for deletion');
  await markDisrupted(pod, disruption, context);
  await remove(pods, pod, context);
}
