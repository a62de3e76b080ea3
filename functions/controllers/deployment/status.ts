/**
 * A Deployment's status, with its conditions about the rollout's progress and failures.
 * Source: pkg/controller/deployment/sync.go, calculateStatus; progress.go, syncRolloutStatus.
 */
import { conditionOf } from '../../kube/conditions.ts';
import type { Deployment, DeploymentCondition, DeploymentStatus, ReplicaSet } from '../../kube/generated/types.ts';
import { nameOf } from '../../kube/object.ts';
import { parseTime, timestamp } from '../../kube/time.ts';
import { replicasOf } from './replica-sets.ts';
import { boundsOf, sum } from './rolling.ts';

/** Go's "no limit". */
const noLimit = 2_147_483_647;
const completeReason = 'NewReplicaSetAvailable';
const timedOutReason = 'ProgressDeadlineExceeded';

export interface Sets {
  /** All sets, the current one included. */
  readonly all: readonly ReplicaSet[];
  readonly current: ReplicaSet | undefined;
}

export const hasProgressDeadline = ({ spec }: Deployment): boolean =>
  spec.progressDeadlineSeconds !== undefined && spec.progressDeadlineSeconds !== noLimit;

export const hasHistoryLimit = ({ spec }: Deployment): boolean =>
  spec.revisionHistoryLimit !== undefined && spec.revisionHistoryLimit !== noLimit;

type ConditionText = Pick<DeploymentCondition, 'type' | 'status' | 'reason' | 'message'>;

/** A condition with the same status and reason as before keeps its first message and times. */
export function withDeploymentCondition(
  conditions: readonly DeploymentCondition[],
  text: ConditionText,
  nowMs: number,
): DeploymentCondition[] {
  const current = conditionOf(conditions, text.type);
  if (current?.status === text.status && current.reason === text.reason) return [...conditions];
  const now = timestamp(nowMs);
  const lastTransitionTime = current?.status === text.status ? (current.lastTransitionTime ?? now) : now;
  return [...conditions.filter((condition) => condition !== current), { ...text, lastUpdateTime: now, lastTransitionTime }];
}

const without = (conditions: readonly DeploymentCondition[], type: string): DeploymentCondition[] =>
  conditions.filter((condition) => condition.type !== type);

const count = (status: DeploymentStatus, field: 'replicas' | 'updatedReplicas' | 'readyReplicas' | 'availableReplicas'): number =>
  status[field] ?? 0;

/** `before` holds the conditions so far. */
export function deploymentStatus(deployment: Deployment, before: DeploymentStatus, sets: Sets, nowMs: number): DeploymentStatus {
  const { desired, maxUnavailable } = boundsOf(deployment.spec);
  const available = sum(sets.all, (set) => set.status?.availableReplicas ?? 0);
  const counts = {
    observedGeneration: deployment.metadata.generation ?? 0,
    replicas: sum(sets.all, (set) => set.status?.replicas ?? 0),
    updatedReplicas: sets.current?.status?.replicas ?? 0,
    readyReplicas: sum(sets.all, (set) => set.status?.readyReplicas ?? 0),
    availableReplicas: available,
    unavailableReplicas: Math.max(0, sum(sets.all, replicasOf) - available),
  };
  const conditions = withDeploymentCondition(before.conditions ?? [], availability(available >= desired - maxUnavailable), nowMs);
  const nonZero = Object.fromEntries(Object.entries(counts).filter(([, value]) => value !== 0));
  return {
    ...nonZero,
    ...terminatingCount(sets.all),
    ...(before.collisionCount !== undefined && { collisionCount: before.collisionCount }),
    conditions,
  };
}

/** Left out while a ReplicaSet that was observed does not report its own count. */
function terminatingCount(sets: readonly ReplicaSet[]): Pick<DeploymentStatus, 'terminatingReplicas'> {
  const counted = sets.filter(({ status }) => (status?.observedGeneration ?? 0) !== 0 || status?.terminatingReplicas !== undefined);
  if (counted.some(({ status }) => status?.terminatingReplicas === undefined)) return {};
  return { terminatingReplicas: sum(counted, ({ status }) => status?.terminatingReplicas ?? 0) };
}

const availability = (isAvailable: boolean): ConditionText =>
  isAvailable
    ? { type: 'Available', status: 'True', reason: 'MinimumReplicasAvailable', message: 'Deployment has minimum availability.' }
    : {
        type: 'Available',
        status: 'False',
        reason: 'MinimumReplicasUnavailable',
        message: 'Deployment does not have minimum availability.',
      };

export function isComplete(deployment: Deployment, status: DeploymentStatus): boolean {
  const { desired } = boundsOf(deployment.spec);
  const counts = (['updatedReplicas', 'replicas', 'availableReplicas'] as const).map((field) => count(status, field));
  return counts.every((replicas) => replicas === desired) && (status.observedGeneration ?? 0) >= (deployment.metadata.generation ?? 0);
}

const oldReplicas = (status: DeploymentStatus): number => count(status, 'replicas') - count(status, 'updatedReplicas');

function isProgressing(before: DeploymentStatus, after: DeploymentStatus): boolean {
  const grew = (['updatedReplicas', 'readyReplicas', 'availableReplicas'] as const).some(
    (field) => count(after, field) > count(before, field),
  );
  return grew || oldReplicas(after) < oldReplicas(before);
}

/** When the rollout counts as stuck; undefined when it cannot be. */
function progressDeadlineMs(deployment: Deployment, progressing: DeploymentCondition | undefined): number | undefined {
  if (progressing?.lastUpdateTime === undefined) return undefined;
  return parseTime(progressing.lastUpdateTime) + (deployment.spec.progressDeadlineSeconds ?? 0) * 1000;
}

function isTimedOut(deployment: Deployment, progressing: DeploymentCondition | undefined, nowMs: number): boolean {
  if (progressing === undefined || progressing.reason === completeReason) return false;
  return progressing.reason === timedOutReason || (progressDeadlineMs(deployment, progressing) ?? Infinity) < nowMs;
}

/** The status with conditions about progress and failures of the rollout. */
export function rolloutStatus(deployment: Deployment, before: DeploymentStatus, sets: Sets, nowMs: number): DeploymentStatus {
  const status = deploymentStatus(deployment, before, sets, nowMs);
  const progressed = { ...status, conditions: withProgress(deployment, before, status, { sets, nowMs }) };
  return { ...progressed, conditions: withFailure(progressed.conditions, sets, nowMs) };
}

interface Situation {
  readonly sets: Sets;
  readonly nowMs: number;
}

function withProgress(
  deployment: Deployment,
  before: DeploymentStatus,
  status: DeploymentStatus,
  { sets, nowMs }: Situation,
): DeploymentCondition[] {
  const conditions = status.conditions ?? [];
  if (!hasProgressDeadline(deployment)) return without(conditions, 'Progressing');
  const current = conditionOf(before.conditions, 'Progressing');
  const isOver = count(status, 'replicas') === count(status, 'updatedReplicas') && current?.reason === completeReason;
  if (isOver) return conditions;

  const subject = sets.current === undefined ? `Deployment "${nameOf(deployment)}"` : `ReplicaSet "${nameOf(sets.current)}"`;
  const progressing = (state: 'True' | 'False', reason: string, what: string): ConditionText => ({
    type: 'Progressing',
    status: state,
    reason,
    message: `${subject} ${what}`,
  });
  if (isComplete(deployment, status))
    return withDeploymentCondition(conditions, progressing('True', completeReason, 'has successfully progressed.'), nowMs);
  if (isProgressing(before, status)) {
    // Written with a new time at each progress, since the deadline counts from the last one.
    const updated = withDeploymentCondition(
      without(conditions, 'Progressing'),
      progressing('True', 'ReplicaSetUpdated', 'is progressing.'),
      nowMs,
    );
    if (current?.status !== 'True' || current.lastTransitionTime === undefined) return updated;
    const { lastTransitionTime } = current;
    return updated.map((condition) => (condition.type === 'Progressing' ? { ...condition, lastTransitionTime } : condition));
  }
  if (isTimedOut(deployment, current, nowMs))
    return withDeploymentCondition(conditions, progressing('False', timedOutReason, 'has timed out progressing.'), nowMs);
  return conditions;
}

/** A Deployment takes over the condition ReplicaFailure of its ReplicaSets. */
function withFailure(conditions: readonly DeploymentCondition[], sets: Sets, nowMs: number): DeploymentCondition[] {
  const failures = [sets.current, ...sets.all].flatMap((set) => conditionOf(set?.status?.conditions, 'ReplicaFailure') ?? []);
  const [failure] = failures;
  if (failure === undefined) return without(conditions, 'ReplicaFailure');
  const { type, status, reason, message, lastTransitionTime } = failure;
  return withDeploymentCondition(conditions, { type, status, reason, message }, nowMs).map((condition) =>
    condition.type === type && lastTransitionTime !== undefined
      ? { ...condition, lastUpdateTime: lastTransitionTime, lastTransitionTime }
      : condition,
  );
}

/** When to check the progress deadline if nothing happens; undefined for a rollout that has none to miss. */
export function progressCheckInMs(deployment: Deployment, status: DeploymentStatus, nowMs: number): number | undefined {
  const progressing = conditionOf(status.conditions, 'Progressing');
  if (!hasProgressDeadline(deployment) || progressing === undefined) return undefined;
  if (isComplete(deployment, status) || progressing.reason === timedOutReason || progressing.reason === completeReason) return undefined;
  const deadlineMs = progressDeadlineMs(deployment, progressing);
  // One second more, since times are written in whole seconds.
  return deadlineMs === undefined ? undefined : Math.max(0, deadlineMs - nowMs) + 1000;
}

/** The Progressing condition of a Deployment that was just paused or resumed; undefined when it stays as it is. */
export function pauseCondition(deployment: Deployment, status: DeploymentStatus): ConditionText | undefined {
  if (!hasProgressDeadline(deployment)) return undefined;
  const current = conditionOf(status.conditions, 'Progressing');
  if (current?.reason === timedOutReason) return undefined;
  const isShownPaused = current?.reason === 'DeploymentPaused';
  const isPaused = deployment.spec.paused === true;
  if (isPaused === isShownPaused) return undefined;
  return isPaused
    ? { type: 'Progressing', status: 'Unknown', reason: 'DeploymentPaused', message: 'Deployment is paused' }
    : { type: 'Progressing', status: 'Unknown', reason: 'DeploymentResumed', message: 'Deployment is resumed' };
}
