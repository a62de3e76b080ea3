/**
 * The scheduler is a controller with one request, "the pods that wait": a pass takes one snapshot and places on it, one by one,
 * the waiting pods that may fit. Each sees the room that the ones before took. It then binds them side by side, so that the
 * store commits many binds in one log entry. A pod that fits nowhere takes room from pods of less priority. Otherwise its
 * status holds why it waits for the cluster to change.
 */
import type { Pod } from '../kube/generated/types.ts';
import { again, settled, type Cache, type Controller, type ReconcileContext, type ReconcileResult } from '../workers/controller.ts';
import { bindPods, markUnschedulable, type Waiting } from './bind.ts';
import { bindVolumes } from './bind-volumes.ts';
import type { SchedulerConfiguration } from './configuration/configuration.ts';
import type * as plugin from './dynamic-resources/plugin.ts';
import type { DevicePlan } from './dynamic-resources/plugin.ts';
import { type BindDecision, type Decision, isBind, isPreempt, isRefused, Pass, type RefusedDecision, usesDevices } from './pass.ts';
import { takeRoom } from './preempt.ts';
import { defaultConfiguration } from './profile.ts';
import { Snapshot } from './snapshot.ts';
import { UnschedulablePods } from './unschedulable-pods.ts';
import { lostRace } from './write-pods.ts';
import { podsInQueue, schedulerWatches, waitingPods } from './watches.ts';

/** A bind that lost a race is tried again this soon. */
const retryBindSeconds = 1;
/** Pods that waited for long are tried again together, this often at most. Source: scheduling_queue.go, Run. */
const tryAgainEveryMs = 30_000;

/** Higher priority first, then first come, first served. Source: plugins/queuesort/priority_sort.go. */
function queueOrder(a: Pod, b: Pod): number {
  return (b.spec.priority ?? 0) - (a.spec.priority ?? 0) || Number(a.metadata.resourceVersion) - Number(b.metadata.resourceVersion);
}

type DeviceCode = Readonly<Pick<typeof plugin, 'bindDevices' | 'DeviceInventory'>>;

/** Read with the first pod that asks for devices: expressions come along. */
const deviceCode = async (): Promise<DeviceCode> => {
  const [{ loadExpressions }, code] = await Promise.all([import('../cel/program.ts'), import('./dynamic-resources/plugin.ts')]);
  await loadExpressions();
  return code;
};

async function bindDevices(pod: Pod, plan: DevicePlan, context: ReconcileContext): Promise<void> {
  const code = await deviceCode();
  await code.bindDevices(pod, plan, context);
}

/** Nothing but the bind is to be written. */
const isPlainBind = (decision: Decision): decision is BindDecision =>
  isBind(decision) && decision.devices === undefined && decision.volumes?.isBound !== false;

/** False: some lost a race. */
async function bindAll(binds: readonly BindDecision[], context: ReconcileContext): Promise<boolean> {
  const refused = (await bindPods(binds, context)).filter((error) => error !== undefined);
  const failure = refused.find((error) => !lostRace(error));
  if (failure !== undefined) throw failure;
  return refused.length === 0;
}

/** What the pod's claims need is written first. */
async function bindWithClaims(decision: BindDecision, context: ReconcileContext): Promise<boolean> {
  const { pod, nodeName, volumes, devices } = decision;
  try {
    if (devices !== undefined) await bindDevices(pod, devices, context);
    // The pod keeps its room in every pass until its claims are bound, and is bound itself only then.
    if (volumes === undefined || volumes.isBound) return await bindAll([decision], context);
    await bindVolumes(volumes, nodeName, context);
    return true;
  } catch (error) {
    if (!lostRace(error)) throw error;
    return false;
  }
}

async function reportRefused(decisions: readonly RefusedDecision[], context: ReconcileContext): Promise<boolean> {
  const refused = [
    ...(await takeRoom(decisions.filter(isPreempt), context)),
    ...(await markUnschedulable(decisions.map(waitingOf), context)),
  ];
  const failure = refused.find((error) => error !== undefined);
  if (failure !== undefined) throw failure;
  return true;
}

function waitingOf(decision: RefusedDecision): Waiting {
  const { pod, message } = decision;
  if (decision.outcome === 'preempt') return { pod, message, nominatedNodeName: decision.victims.node.name };
  return { pod, message, ...(decision.isHopeless && { nominatedNodeName: null }) };
}

/** Binds with claims that are carried out side by side: fewer than the API lets one user have under way. */
const boundWithClaimsAtOnce = 64;
/** Pods that are written in one request: as many as an entry of the log takes. */
const writtenAtOnce = 256;
/** While one group of them is written, the next one is prepared. */
const groupsAtOnce = 2;

/** Works on all, so many at once. One that fails keeps none of the others from being done; its error is thrown in the end. */
async function sideBySide<T>(items: readonly T[], atOnce: number, work: (item: T) => Promise<boolean>): Promise<boolean> {
  const left = items.values();
  const failures: unknown[] = [];
  let isAllDone = true;
  const worker = async (): Promise<void> => {
    for (const item of left) {
      try {
        if (!(await work(item))) isAllDone = false;
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker));
  if (failures.length > 0) throw failures[0];
  return isAllDone;
}

const groupsOf = <T>(items: readonly T[]): readonly (readonly T[])[] =>
  Array.from({ length: Math.ceil(items.length / writtenAtOnce) }, (_, group) =>
    items.slice(group * writtenAtOnce, (group + 1) * writtenAtOnce),
  );

/** False: some have to be tried again. */
async function carryOutAll(decisions: readonly Decision[], context: ReconcileContext): Promise<boolean> {
  const binds = decisions.filter(isPlainBind);
  const withClaims = decisions.filter(isBind).filter((decision) => !isPlainBind(decision));
  const done = await Promise.allSettled([
    sideBySide(groupsOf(binds), groupsAtOnce, (group) => bindAll(group, context)),
    sideBySide(withClaims, boundWithClaimsAtOnce, (decision) => bindWithClaims(decision, context)),
    sideBySide(groupsOf(decisions.filter(isRefused)), groupsAtOnce, (group) => reportRefused(group, context)),
  ]);
  for (const result of done) if (result.status === 'rejected') throw result.reason;
  return done.every((result) => result.status === 'fulfilled' && result.value);
}

const queueOf = ({ profiles }: SchedulerConfiguration, cache: Cache): readonly Pod[] =>
  profiles.flatMap(({ schedulerName }) => cache.by(podsInQueue, schedulerName)).toSorted(queueOrder);

interface PassParts {
  readonly configuration: SchedulerConfiguration;
  readonly snapshot: Snapshot;
  readonly unschedulable: UnschedulablePods;
}

async function schedulePass({ configuration, snapshot, unschedulable }: PassParts, context: ReconcileContext): Promise<ReconcileResult> {
  const { cache, clock } = context;
  const first = queueOf(configuration, cache);
  const code = first.some(usesDevices) ? await deviceCode() : undefined;
  // From here on nothing changes until all is decided.
  const waiting = code === undefined ? first : queueOf(configuration, cache);
  if (waiting.length === 0) return settled;
  const inventory = code === undefined ? undefined : new code.DeviceInventory(cache);
  const cluster = snapshot.at(cache, waiting);
  const nowMs = clock.now();
  const tried = unschedulable.release(waiting, { cache, cluster, changes: snapshot.changes, nowMs });
  const decisions = new Pass(context, cluster, { ...configuration, inventory }).decideAll(tried, unschedulable.waiting);
  const isDone = await carryOutAll(decisions, context);
  // What is not written for a pod is tried again with it.
  for (const decision of decisions) note(decision, unschedulable, nowMs);
  if (!isDone) return again(retryBindSeconds);
  const triedAgainMs = unschedulable.triedAgainMs;
  return triedAgainMs === undefined ? settled : again(Math.max(triedAgainMs - nowMs, tryAgainEveryMs) / 1000);
}

function note(decision: Decision, unschedulable: UnschedulablePods, nowMs: number): void {
  if (isRefused(decision) && decision.hints !== undefined) unschedulable.add(decision.pod, decision.hints, nowMs);
  else unschedulable.remove(decision.pod);
  // They have to find other nodes.
  if (decision.outcome === 'preempt') for (const pod of decision.displaced) unschedulable.remove(pod);
}

/** Reports events under the name of its first profile. */
export function createScheduler(configuration: SchedulerConfiguration = defaultConfiguration): Controller {
  const parts = { configuration, snapshot: new Snapshot(), unschedulable: new UnschedulablePods() };
  const names = configuration.profiles.map(({ schedulerName }) => schedulerName);
  return {
    name: 'scheduler',
    actsAs: 'system:kube-scheduler',
    component: names[0] ?? '',
    concurrency: 1,
    watches: schedulerWatches(names),
    all: () => [waitingPods],
    reconcile: (_request, context) => schedulePass(parts, context),
  };
}
