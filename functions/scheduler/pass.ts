/** One pass of the scheduler: a decision for each pod that is tried, one after the other. Pure but for the draw that breaks ties. */
import type { Pod } from '../kube/generated/types.ts';
import { nameOf } from '../kube/object.ts';
import { podDisruptionBudgets } from '../kube/resource-type.ts';
import type { ReconcileContext } from '../workers/controller.ts';
import type { ClusterState } from './cluster-state.ts';
import type { ProfileSettings, SchedulerConfiguration } from './configuration/configuration.ts';
import type { DeviceInventory, DevicePlan } from './dynamic-resources/plugin.ts';
import type { Refusal } from './plugins/plugin.ts';
import type { QueueingHints } from './plugins/queueing-hints.ts';
import { volumeBinding, volumeHints, type VolumePlan } from './plugins/volume-binding.ts';
import { podClaims } from './pod-claims.ts';
import type { SchedulerProfile } from './pod-class.ts';
import { preempt, type Victims } from './preemption.ts';
import { profileOf } from './profile.ts';
import { schedulePod } from './schedule-pod.ts';
import { refusedByDevices, refusedMessage, unschedulableMessage } from './unschedulable-message.ts';
import type { UnschedulablePods } from './unschedulable-pods.ts';

export const usesDevices = ({ spec }: Pod): boolean => (spec.resourceClaims ?? []).length > 0;

/** How often pods are asked again in one pass, since others were placed that may help them. */
const roundsMax = 8;

export type Decision =
  | {
      readonly outcome: 'bind';
      readonly pod: Pod;
      readonly nodeName: string;
      readonly volumes: VolumePlan | undefined;
      readonly devices: DevicePlan | undefined;
    }
  | { readonly outcome: 'early'; readonly pod: Pod }
  | {
      readonly outcome: 'wait';
      readonly pod: Pod;
      readonly message: string;
      readonly isHopeless: boolean;
      readonly hints: Hints;
    }
  | {
      readonly outcome: 'preempt';
      readonly pod: Pod;
      readonly message: string;
      readonly victims: Victims;
      readonly displaced: readonly Pod[];
      readonly hints: Hints;
    };

/** The plug-ins that refused the pod name what may help. Undefined: none refused it, and any change may. */
type Hints = readonly QueueingHints[] | undefined;

interface PassOptions extends SchedulerConfiguration {
  /** Where a pod asks for devices. */
  readonly inventory: DeviceInventory | undefined;
}

/** Decides for one pod after the other; what is decided is in the cluster's state at once. */
export class Pass {
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

  /** `others` wait, too, and are tried where a pod is placed that may help them. */
  decideAll(tried: readonly Pod[], others: UnschedulablePods['waiting']): readonly Decision[] {
    const decisions = new Map(tried.map((pod) => [pod, this.decide(pod)]));
    let placed = [...decisions.values()].filter(isBind);
    for (let round = 0; round < roundsMax && placed.length > 0; round += 1) {
      const waiting = [...others.filter(({ pod }) => !decisions.has(pod)), ...[...decisions.values()].filter(isWait)];
      const again = waiting.filter((one) => this.mayHelp(placed, one)).map(({ pod }) => this.decide(pod));
      for (const decision of again) decisions.set(decision.pod, decision);
      placed = again.filter(isBind);
    }
    return [...decisions.values()];
  }

  private mayHelp(placed: readonly BindDecision[], { pod, hints = [] }: { readonly pod: Pod; readonly hints: Hints }): boolean {
    return hints.some(({ placedPod }) => placed.some((bind) => placedPod?.(pod, { before: undefined, after: bind.pod }, this.cluster)));
  }

  private decide(pod: Pod): Decision {
    const { cache, random } = this.context;
    const settings = this.settings.get(pod.spec.schedulerName ?? '');
    if (settings === undefined) throw new Error(`no profile places pods of ${pod.spec.schedulerName}`);
    const claims = podClaims(pod, cache);
    if (claims.outcome === 'refused') {
      const message = refusedMessage(claims.message, this.cluster.nodes.length);
      return { outcome: 'wait', pod, message, isHopeless: true, hints: [volumeHints] };
    }
    const volumes = claims.outcome === 'none' ? undefined : volumeBinding(claims, cache, this.promised);
    const devices = usesDevices(pod) ? this.inventory?.devicesOf(pod) : undefined;
    if (devices?.outcome === 'early') return { outcome: 'early', pod };
    if (devices?.outcome === 'refused') {
      const message = refusedByDevices(devices.message, this.cluster.nodes.length);
      return { outcome: 'wait', pod, message, isHopeless: true, hints: this.inventory && [this.inventory.hints] };
    }
    const isPlain = volumes === undefined && devices === undefined;
    const profile =
      (isPlain ? this.profiles.get(settings) : undefined) ??
      profileOf(settings, { cache, volumes: volumes?.filter, devices: devices?.devices.filter });
    const placement = schedulePod(pod, this.cluster, profile, random.next);
    if (placement.outcome === 'unschedulable')
      return this.makeRoom(pod, { ...placement, hints: hintsOf(placement.refusals, profile) }, settings);
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
    { refusals, podClass, hints }: Pick<Parameters<typeof preempt>[1], 'refusals' | 'podClass'> & { readonly hints: Hints },
    { args, preempts }: ProfileSettings,
  ): Decision {
    const { cache, random } = this.context;
    if (!preempts)
      return { outcome: 'wait', pod, message: unschedulableMessage(refusals, { outcome: 'not tried' }), isHopeless: true, hints };
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
    if (preemption.outcome !== 'victims') return { outcome: 'wait', pod, message, isHopeless: preemption.outcome === 'none', hints };
    const { victims } = preemption;
    const displaced = this.cluster.nominations.withLess(pod.spec.priority ?? 0, victims.node.name);
    for (const other of displaced) this.cluster.nominations.set(other, '');
    this.cluster.nominations.set(pod, victims.node.name);
    // Victims keep their room until they are gone. One that several pods ask to leave is asked once.
    const asked = victims.pods.filter((victim) => !this.leaving.has(victim));
    for (const victim of asked) this.leaving.add(victim);
    return { outcome: 'preempt', pod, message, victims: { ...victims, pods: asked }, displaced, hints };
  }
}

export type BindDecision = Extract<Decision, { outcome: 'bind' }>;

export const isBind = (decision: Decision): decision is BindDecision => decision.outcome === 'bind';

export type RefusedDecision = Extract<Decision, { outcome: 'wait' | 'preempt' }>;

export const isRefused = (decision: Decision): decision is RefusedDecision => decision.outcome === 'wait' || decision.outcome === 'preempt';
export const isPreempt = (decision: Decision): decision is Extract<Decision, { outcome: 'preempt' }> => decision.outcome === 'preempt';
const isWait = (decision: Decision): decision is Extract<Decision, { outcome: 'wait' }> => decision.outcome === 'wait';

function hintsOf(refusals: readonly Refusal[], { filters }: SchedulerProfile): Hints {
  if (refusals.length === 0) return undefined;
  const names = new Set(refusals.map(({ plugin }) => plugin));
  return filters.filter(({ name }) => names.has(name)).map(({ hints }) => hints);
}
