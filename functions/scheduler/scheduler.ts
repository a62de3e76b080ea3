/**
 * The scheduler is a controller with one request, "the pods that wait": a pass takes one snapshot, places every waiting
 * pod on it in turn, each seeing the room that the ones before took, and then binds them side by side, so that the
 * store commits many binds in one slot. A pod that fits nowhere says so in its status and waits for the cluster to change.
 */
import type { Pod } from '../kube/generated/types.ts';
import { nameOf } from '../kube/object.ts';
import { nodes, pods } from '../kube/resource-type.ts';
import { isConflict, isNotFound } from '../kube/status-error.ts';
import { again, settled, type Controller, type ReconcileContext, type ReconcileResult } from '../workers/controller.ts';
import { bindPod, markUnschedulable } from './bind.ts';
import { assumePod, snapshotOf } from './node-state.ts';
import { defaultProfile } from './default-profile.ts';
import { schedulePod, type SchedulerProfile } from './schedule-pod.ts';
import { refusedMessage, unschedulableMessage } from './unschedulable-message.ts';
import { bindVolumes } from './bind-volumes.ts';
import { podClaims } from './pod-claims.ts';
import { volumeBinding, type VolumePlan } from './plugins/volume-binding.ts';
import { isWaiting, schedulerComponent, schedulerWatches, waitingPods } from './watches.ts';

/** A bind that lost a race is tried again this soon. */
const retryBindSeconds = 1;

/** Higher priority first, then first come, first served. Source: plugins/queuesort/priority_sort.go. */
function queueOrder(a: Pod, b: Pod): number {
  return (b.spec.priority ?? 0) - (a.spec.priority ?? 0) || Number(a.metadata.resourceVersion) - Number(b.metadata.resourceVersion);
}

interface Placed {
  readonly pod: Pod;
  readonly nodeName: string;
  readonly volumes?: VolumePlan | undefined;
}

async function bindAll(placed: readonly Placed[], context: ReconcileContext): Promise<ReconcileResult> {
  let lostRaces = 0;
  await Promise.all(
    placed.map(async ({ pod, nodeName, volumes }) => {
      try {
        // The pod keeps its room in every pass until its claims are bound, and is bound itself only then.
        if (volumes === undefined || volumes.isBound) await bindPod(pod, nodeName, context);
        else await bindVolumes(volumes, nodeName, context);
      } catch (error) {
        // Somebody deleted or bound it first: the next pass sees what became of it.
        if (!isConflict(error) && !isNotFound(error)) throw error;
        lostRaces += 1;
      }
    }),
  );
  return lostRaces === 0 ? settled : again(retryBindSeconds);
}

async function schedulePass(schedulerName: string, profile: SchedulerProfile, context: ReconcileContext): Promise<ReconcileResult> {
  const { cache, random } = context;
  const allPods = cache.list(pods);
  const waiting = allPods.filter((pod) => isWaiting(pod, schedulerName)).sort(queueOrder);
  if (waiting.length === 0) return settled;
  const states = [...snapshotOf(cache.list(nodes), allPods).values()];
  const placed: Placed[] = [];
  const refused: { pod: Pod; message: string }[] = [];
  const taken = new Set<string>();
  for (const pod of waiting) {
    const claims = podClaims(pod, cache);
    if (claims.outcome === 'refused') {
      refused.push({ pod, message: refusedMessage(claims.message, states.length) });
      continue;
    }
    const volumes = claims.outcome === 'none' ? undefined : volumeBinding(claims, cache, taken);
    const filters = volumes === undefined ? profile.filters : [...profile.filters, volumes.filter];
    const placement = schedulePod(pod, states, { ...profile, filters }, random.next);
    if (placement.outcome === 'fits') {
      assumePod(placement.node, pod);
      const plan = volumes?.planFor(placement.node.node);
      for (const { volume } of plan?.bindings ?? []) taken.add(nameOf(volume));
      placed.push({ pod, nodeName: placement.node.name, volumes: plan });
    } else {
      refused.push({ pod, message: unschedulableMessage(placement.rejections) });
    }
  }
  const result = await bindAll(placed, context);
  await Promise.all(refused.map(({ pod, message }) => markUnschedulable(pod, message, context)));
  return result;
}

export interface SchedulerOptions {
  /** The `spec.schedulerName` of the pods it cares for. */
  readonly schedulerName?: string;
  readonly profile?: SchedulerProfile;
}

export function createScheduler({ schedulerName = schedulerComponent, profile = defaultProfile }: SchedulerOptions = {}): Controller {
  return {
    name: 'scheduler',
    actsAs: 'system:kube-scheduler',
    component: schedulerName,
    concurrency: 1,
    watches: schedulerWatches(schedulerName),
    all: () => [waitingPods],
    reconcile: (_request, context) => schedulePass(schedulerName, profile, context),
  };
}
