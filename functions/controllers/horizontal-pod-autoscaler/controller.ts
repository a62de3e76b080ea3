/**
 * Sets the number of replicas of what has a scale by metrics, every 15 seconds. Source: pkg/controller/podautoscaler/horizontal.go.
 */
import { userNameOf } from '../../kube/controller-role.ts';
import { withCondition } from '../../kube/conditions.ts';
import { copy } from '../../kube/copy.ts';
import { deepEqual } from '../../kube/equality.ts';
import type {
  AutoscalingHorizontalPodAutoscaler as Autoscaler,
  AutoscalingHorizontalPodAutoscalerCondition as Condition,
  AutoscalingHorizontalPodAutoscalerStatus as Status,
} from '../../kube/generated/types.ts';
import { uidOf } from '../../kube/object.ts';
import { horizontalPodAutoscalers } from '../../kube/resource-type.ts';
import { timestamp } from '../../kube/time.ts';
import type { Controller, Note, ReconcileContext, ReconcileResult } from '../../workers/controller.ts';
import { again, settled } from '../../workers/controller.ts';
import { namesOf } from '../shared/pod-requests.ts';
import type { ResourceTypes } from '../shared/resource-types.ts';
import { Autoscaling } from './autoscaling.ts';
import { historyOf, noteOf } from './stabilization.ts';
import { autoscalerWatches } from './watches.ts';
import { horizontalPodAutoscalerRole } from './role.ts';

const periodMs = 15_000;
/** A clock that wakes a little early is in time. */
const earlyMs = 500;

export function createAutoscalerController(resourceTypes: ResourceTypes): Controller {
  return {
    name: 'horizontal-pod-autoscaler',
    actsAs: userNameOf(horizontalPodAutoscalerRole),
    component: 'horizontal-pod-autoscaler',
    watches: autoscalerWatches,
    all: (cache) => namesOf(cache.list(horizontalPodAutoscalers)),
    async reconcile(request, context, note = {}) {
      const autoscaler = context.cache.get(horizontalPodAutoscalers, request);
      return autoscaler === undefined ? settled : reconcileAutoscaler(autoscaler, note, { context, resourceTypes });
    },
  };
}

interface Means {
  readonly context: ReconcileContext;
  readonly resourceTypes: ResourceTypes;
}

/** Metrics are not asked for more often because a status was written. */
async function reconcileAutoscaler(autoscaler: Autoscaler, note: Note, { context, resourceTypes }: Means): Promise<ReconcileResult> {
  const nowMs = context.clock.now();
  const generation = autoscaler.metadata.generation ?? 0;
  const generationKey = `generation ${uidOf(autoscaler)}`;
  const leftMs = (note['atMs'] ?? 0) + periodMs - nowMs;
  if (note[generationKey] === generation && leftMs > earlyMs) return again(leftMs / 1000, note);
  const scaling = new Autoscaling(autoscaler, historyOf(note[generationKey] === undefined ? {} : note), { context, resourceTypes });
  await scaling.run();
  await save(autoscaler, scaling, context);
  const history = noteOf(scaling.history, autoscaler.spec.behavior, nowMs);
  return again(periodMs / 1000, { ...history, atMs: nowMs, [generationKey]: generation });
}

async function save(autoscaler: Autoscaler, { status, conditions }: Autoscaling, { client, clock }: ReconcileContext): Promise<void> {
  const now = timestamp(clock.now());
  const written: Condition[] = conditions.reduce(
    (list, condition) => withCondition<Condition>(list, condition, now),
    [...(autoscaler.status?.conditions ?? [])],
  );
  const next: Status = { ...status, conditions: written };
  if (deepEqual(withoutNull(next), withoutNull(autoscaler.status ?? {}))) return;
  await client.update(horizontalPodAutoscalers, { ...copy(autoscaler), status: next }, 'status');
}

/** A list that was never filled is stored as null. */
const withoutNull = (status: object): unknown =>
  Object.fromEntries(Object.entries(status).filter(([, value]) => value !== null && value !== undefined));
