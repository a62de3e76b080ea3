/**
 * The scheduler is a controller with one request, "the pods that wait": a pass takes one snapshot and places every
 * waiting pod on it in turn. Each sees the room that the ones before took. It then binds them side by side, so that the
 * store commits many binds in one log entry. A pod that fits nowhere takes room from pods of less priority. Otherwise its
 * status holds why it waits for the cluster to change.
 */
import type { Pod } from '../kube/generated/types.ts';
import { nameOf } from '../kube/object.ts';
import { podDisruptionBudgets } from '../kube/resource-type.ts';
import { isConflict, isNotFound } from '../kube/status-error.ts';
import { again, settled, type Cache, type Controller, type ReconcileContext, type ReconcileResult } from '../workers/controller.ts';
import { bindPods, markUnschedulable } from './bind.ts';
import { bindVolumes } from './bind-volumes.ts';
import type { ClusterState } from './cluster-state.ts';
import type { ProfileSettings, SchedulerConfiguration } from './configuration/configuration.ts';
import { podClaims } from './pod-claims.ts';
import type * as plugin from './dynamic-resources/plugin.ts';
import type { DeviceInventory, DevicePlan } from './dynamic-resources/plugin.ts';
import { takeRoom } from './preempt.ts';
import { preempt, type Victims } from './preemption.ts';
import { volumeBinding, type VolumePlan } from './plugins/volume-binding.ts';
import type { SchedulerProfile } from './pod-class.ts';
import { defaultConfiguration, profileOf } from './profile.ts';
import { schedulePod } from './schedule-pod.ts';
import { Snapshot } from './snapshot.ts';
import { refusedByDevices, refusedMessage, unschedulableMessage } from './unschedulable-message.ts';
import { podsInQueue, schedulerWatches, waitingPods } from './watches.ts';

/** A bind that lost a race is tried again this soon. */
const retryBindSeconds = 1;

const usesDevices = ({ spec }: Pod): boolean => (spec.resourceClaims ?? []).length > 0;

/** How often pods that want to be near others are asked again in one pass. */
const nearRoundsMax = 8;

/** Higher priority first, then first come, first served. Source: plugins/queuesort/priority_sort.go. */
function queueOrder(a: Pod, b: Pod): number {
  return (b.spec.priority ?? 0) - (a.spec.priority ?? 0) || Number(a.metadata.resourceVersion) - Number(b.metadata.resourceVersion);
}

type Decision =
  | {
      readonly outcome: 'bind';
      readonly pod: Pod;
      readonly nodeName: string;
      readonly volumes: VolumePlan | undefined;
      readonly devices: DevicePlan | undefined;
    }
  | { readonly outcome: 'early'; readonly pod: Pod }
  | { readonly outcome: 'wait'; readonly pod: Pod; readonly message: string; readonly isHopeless: boolean }
  | {
      readonly outcome: 'preempt';
      readonly pod: Pod;
      readonly message: string;
      readonly victims: Victims;
      readonly displaced: readonly Pod[];
    };

interface PassOptions extends SchedulerConfiguration {
  /** Where a pod asks for devices. */
  readonly inventory: DeviceInventory | undefined;
}

/** Decides for one pod after the other; what is decided is in the cluster's state at once. */
class Pass {
  private readonly context: ReconcileContext;
  private readonly cluster: ClusterState;
  /** Names of volumes that pods of this pass get. */
  private readonly promised = new Set<string>();
  /** Pods that this pass takes room from. */
  private readonly leaving = new Set<Pod>();

  private readonly settings: ReadonlyMap<string, ProfileSettings>;
  private readonly inventory: DeviceInventory | undefined;

  /** The profiles for pods that have neither volumes nor devices of their own. */
  private readonly profiles: ReadonlyMap<ProfileSettings, SchedulerProfile>;

  constructor(context: ReconcileContext, cluster: ClusterState, { profiles, inventory }: PassOptions) {
    const { cache } = context;
    this.inventory = inventory;
    this.context = context;
    this.settings = new Map(profiles.map((profile) => [profile.schedulerName, profile]));
    this.profiles = new Map(profiles.map((profile) => [profile, profileOf(profile, { cache, volumes: undefined })]));
    this.cluster = cluster;
  }

  /** Pods that want to be near others are asked again when others were placed after them. */
  decideAll(waiting: readonly Pod[]): readonly Decision[] {
    const decisions = new Map(waiting.map((pod) => [pod, this.decide(pod)]));
    for (let round = 0; round < nearRoundsMax; round += 1) {
      const near = [...decisions.values()].filter(({ outcome, pod }) => outcome === 'wait' && this.wantsCompany(pod));
      const isAnyBound = [...decisions.values()].some(({ outcome }) => outcome === 'bind');
      if (near.length === 0 || !isAnyBound) break;
      const again = near.map(({ pod }) => this.decide(pod));
      for (const decision of again) decisions.set(decision.pod, decision);
      if (again.every(({ outcome }) => outcome === 'wait')) break;
    }
    return [...decisions.values()];
  }

  private wantsCompany(pod: Pod): boolean {
    return this.cluster.termsOf(pod).requiredAffinity.length > 0;
  }

  private decide(pod: Pod): Decision {
    const { cache, random } = this.context;
    const settings = this.settings.get(pod.spec.schedulerName ?? '');
    if (settings === undefined) throw new Error(`no profile places pods of ${pod.spec.schedulerName}`);
    const claims = podClaims(pod, cache);
    if (claims.outcome === 'refused') {
      return { outcome: 'wait', pod, message: refusedMessage(claims.message, this.cluster.nodes.length), isHopeless: true };
    }
    const volumes = claims.outcome === 'none' ? undefined : volumeBinding(claims, cache, this.promised);
    const devices = usesDevices(pod) ? this.inventory?.devicesOf(pod) : undefined;
    if (devices?.outcome === 'early') return { outcome: 'early', pod };
    if (devices?.outcome === 'refused') {
      const message = refusedByDevices(devices.message, this.cluster.nodes.length);
      return { outcome: 'wait', pod, message, isHopeless: true };
    }
    const isPlain = volumes === undefined && devices === undefined;
    const profile =
      (isPlain ? this.profiles.get(settings) : undefined) ??
      profileOf(settings, { cache, volumes: volumes?.filter, devices: devices?.devices.filter });
    const placement = schedulePod(pod, this.cluster, profile, random.next);
    if (placement.outcome === 'unschedulable') return this.makeRoom(pod, placement, settings);
    const { node } = placement;
    const plan = volumes?.planFor(node.node);
    for (const { volume } of plan?.bindings ?? []) this.promised.add(nameOf(volume));
    const given = devices?.devices.planFor(node.node);
    if (given !== undefined) this.inventory?.promise(given);
    this.cluster.assume(pod, node);
    return { outcome: 'bind', pod, nodeName: node.name, volumes: plan, devices: given };
  }

  private makeRoom(
    pod: Pod,
    { refusals, podClass }: Pick<Parameters<typeof preempt>[1], 'refusals' | 'podClass'>,
    { args, preempts }: ProfileSettings,
  ): Decision {
    const { cache, random } = this.context;
    if (!preempts) return { outcome: 'wait', pod, message: unschedulableMessage(refusals, { outcome: 'not tried' }), isHopeless: true };
    const budgets = cache.list(podDisruptionBudgets);
    const preemption = preempt(pod, {
      cluster: this.cluster,
      podClass,
      refusals,
      budgets,
      args: args.DefaultPreemption,
      random: random.next,
    });
    const message = unschedulableMessage(refusals, preemption);
    if (preemption.outcome !== 'victims') return { outcome: 'wait', pod, message, isHopeless: preemption.outcome === 'none' };
    const { victims } = preemption;
    const displaced = this.cluster.nominations.withLess(pod.spec.priority ?? 0, victims.node.name);
    for (const other of displaced) this.cluster.nominations.set(other, '');
    this.cluster.nominations.set(pod, victims.node.name);
    // Victims keep their room until they are gone. One that several pods ask to leave is asked once.
    const asked = victims.pods.filter((victim) => !this.leaving.has(victim));
    for (const victim of asked) this.leaving.add(victim);
    return { outcome: 'preempt', pod, message, victims: { ...victims, pods: asked }, displaced };
  }
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

type BindDecision = Extract<Decision, { outcome: 'bind' }>;

/** Nothing but the bind is to be written. */
const isPlainBind = (decision: Decision): decision is BindDecision =>
  decision.outcome === 'bind' && decision.devices === undefined && decision.volumes?.isBound !== false;

/** Another client deleted or bound the pod first. The next pass sees what became of it. */
const lostRace = (error: unknown): boolean => isConflict(error) || isNotFound(error);

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

async function carryOut(decision: Decision, context: ReconcileContext): Promise<boolean> {
  if (decision.outcome === 'early') return true;
  if (decision.outcome === 'bind') return bindWithClaims(decision, context);
  const { pod, message } = decision;
  if (decision.outcome === 'preempt') {
    await takeRoom(pod, decision.victims, decision.displaced, context);
    await markUnschedulable(pod, { message, nominatedNodeName: decision.victims.node.name }, context);
  } else await markUnschedulable(pod, { message, ...(decision.isHopeless && { nominatedNodeName: null }) }, context);
  return true;
}

/** Decisions that are carried out side by side: fewer than the API lets one user have under way. */
const carriedOutAtOnce = 64;
/** Pods that are bound in one request: as many as an entry of the log takes. */
const boundAtOnce = 256;
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

/** False: some have to be tried again. */
async function carryOutAll(decisions: readonly Decision[], context: ReconcileContext): Promise<boolean> {
  const binds = decisions.filter(isPlainBind);
  const groups = Array.from({ length: Math.ceil(binds.length / boundAtOnce) }, (_, group) =>
    binds.slice(group * boundAtOnce, (group + 1) * boundAtOnce),
  );
  const others = decisions.filter((decision) => !isPlainBind(decision));
  const done = await Promise.allSettled([
    sideBySide(groups, groupsAtOnce, (group) => bindAll(group, context)),
    sideBySide(others, carriedOutAtOnce, (decision) => carryOut(decision, context)),
  ]);
  for (const result of done) if (result.status === 'rejected') throw result.reason;
  return done.every((result) => result.status === 'fulfilled' && result.value);
}

const waitingOf = ({ profiles }: SchedulerConfiguration, cache: Cache): readonly Pod[] =>
  profiles.flatMap(({ schedulerName }) => cache.by(podsInQueue, schedulerName)).toSorted(queueOrder);

interface PassParts {
  readonly configuration: SchedulerConfiguration;
  readonly snapshot: Snapshot;
}

async function schedulePass({ configuration, snapshot }: PassParts, context: ReconcileContext): Promise<ReconcileResult> {
  const { cache } = context;
  const code = waitingOf(configuration, cache).some(usesDevices) ? await deviceCode() : undefined;
  // From here on nothing changes until all is decided.
  const waiting = waitingOf(configuration, cache);
  if (waiting.length === 0) return settled;
  const inventory = code === undefined ? undefined : new code.DeviceInventory(cache);
  const pass = new Pass(context, snapshot.at(cache, waiting), { ...configuration, inventory });
  return (await carryOutAll(pass.decideAll(waiting), context)) ? settled : again(retryBindSeconds);
}

/** Reports events under the name of its first profile. */
export function createScheduler(configuration: SchedulerConfiguration = defaultConfiguration): Controller {
  const snapshot = new Snapshot();
  const names = configuration.profiles.map(({ schedulerName }) => schedulerName);
  return {
    name: 'scheduler',
    actsAs: 'system:kube-scheduler',
    component: names[0] ?? '',
    concurrency: 1,
    watches: schedulerWatches(names),
    all: () => [waitingPods],
    reconcile: (_request, context) => schedulePass({ configuration, snapshot }, context),
  };
}
