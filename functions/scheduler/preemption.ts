/**
 * Room for a pod by taking it from pods of less priority: on which node, and from whom. Pure.
 * Source: framework/preemption/preemption.go, plugins/defaultpreemption/default_preemption.go.
 */
import type { Pod, PodDisruptionBudget } from '../kube/generated/types.ts';
import { conditionOf } from '../kube/conditions.ts';
import { matchesLabels, requirementsOf } from '../kube/labels.ts';
import { isTerminating, labelsOf, nameOf, namespaceOf } from '../kube/object.ts';
import type { ClusterState } from './cluster-state.ts';
import type { PluginArguments } from './configuration/configuration.ts';
import type { NodeState } from './node-state.ts';
import type { PodClass } from './pod-class.ts';
import type { Refusal } from './plugins/plugin.ts';
import { movePods, refusalOf, type Trial } from './schedule-pod.ts';

export interface Victims {
  readonly node: NodeState;
  /** Most important first. */
  readonly pods: readonly Pod[];
  /** How many victims a PodDisruptionBudget would have kept. */
  readonly violations: number;
  /** What they are compared by with those of other nodes: smaller is better, one number after the other. */
  readonly costs: readonly number[];
}

/** The result for one node. */
export type Preempted = Victims | Refusal;

export type Preemption =
  | { readonly outcome: 'victims'; readonly victims: Victims }
  /** `reasons`: why it helped no node, with the number of nodes. */
  | { readonly outcome: 'none'; readonly reasons: ReadonlyMap<string, number> }
  | { readonly outcome: 'not eligible'; readonly why: string }
  /** The profile takes no room from others. */
  | { readonly outcome: 'not tried' };

export interface PreemptionOptions {
  readonly cluster: ClusterState;
  /** The pod's. */
  readonly podClass: PodClass;
  /** Why each node refused the pod, in the nodes' order. */
  readonly refusals: readonly Refusal[];
  readonly budgets: readonly PodDisruptionBudget[];
  /** Nodes that are tried: a share of all, but not fewer than so many. */
  readonly args: PluginArguments['DefaultPreemption'];
  readonly random: () => number;
}

const notHelpful = 'Preemption is not helpful for scheduling';
const noVictims = 'No preemption victims found for incoming pod';

const priorityOf = ({ spec }: Pod): number => spec.priority ?? 0;
const startedAt = ({ status }: Pod): string => status?.startTime ?? '';

/** Higher priority first, then those that run longer. */
const moreImportant = (a: Pod, b: Pod): number =>
  priorityOf(b) - priorityOf(a) || (startedAt(a) < startedAt(b) ? -1 : Number(startedAt(a) > startedAt(b)));

const isBeingPreempted = (pod: Pod): boolean =>
  isTerminating(pod) && conditionOf(pod.status?.conditions, 'DisruptionTarget')?.reason === 'PreemptionByScheduler';

/** Why the pod may take room from no other pod; undefined: it may. */
function ineligible(pod: Pod, { cluster, refusals }: PreemptionOptions): string | undefined {
  if (pod.spec.preemptionPolicy === 'Never') return 'not eligible due to preemptionPolicy=Never.';
  const nominated = cluster.node(pod.status?.nominatedNodeName ?? '');
  if (nominated === undefined || refusals[nominated.index]?.isResolvable === false) return undefined;
  const leaves = [...nominated.pods].some((other) => priorityOf(other) < priorityOf(pod) && isBeingPreempted(other));
  return leaves ? 'not eligible due to a terminating pod on the nominated node.' : undefined;
}

/** Which of the pods a budget would keep, when they go in this order. */
function violatingPods(pods: readonly Pod[], budgets: readonly PodDisruptionBudget[]): ReadonlySet<Pod> {
  const left = budgets.map((budget) => ({
    budget,
    selector: requirementsOf(budget.spec?.selector),
    allowed: budget.status?.disruptionsAllowed ?? 0,
  }));
  const isViolating = (pod: Pod): boolean =>
    left.some((entry) => {
      const { budget, selector } = entry;
      const isMeant = namespaceOf(budget) === namespaceOf(pod) && selector.length > 0 && matchesLabels(selector, labelsOf(pod));
      if (!isMeant || budget.status?.disruptedPods?.[nameOf(pod)] !== undefined) return false;
      entry.allowed -= 1;
      return entry.allowed < 0;
    });
  return new Set(pods.filter(isViolating));
}

/** The fewest pods of the node that make room, or why there is none. The node is afterwards as before. */
const victimsOn = (pod: Pod, node: NodeState, trial: Trial, budgets: readonly PodDisruptionBudget[]): Preempted =>
  trial.cluster.trying(node, () => triedOn(pod, node, trial, budgets));

function triedOn(pod: Pod, node: NodeState, trial: Trial, budgets: readonly PodDisruptionBudget[]): Preempted {
  const candidates = [...node.pods].filter((other) => priorityOf(other) < priorityOf(pod)).sort(moreImportant);
  if (candidates.length === 0) return { plugin: 'DefaultPreemption', reasons: [noVictims], isResolvable: false };
  movePods(candidates, node, trial.cluster, -1);
  const refusal = refusalOf(pod, node, trial);
  if (refusal !== undefined) {
    movePods(candidates, node, trial.cluster, 1);
    return refusal;
  }
  const violating = violatingPods(candidates, budgets);
  const victims: Pod[] = [];
  // The most important are spared first, and before all others those that a budget protects.
  for (const other of [...candidates.filter((one) => violating.has(one)), ...candidates.filter((one) => !violating.has(one))]) {
    movePods([other], node, trial.cluster, 1);
    if (refusalOf(pod, node, trial) === undefined) continue;
    movePods([other], node, trial.cluster, -1);
    victims.push(other);
  }
  movePods(victims, node, trial.cluster, 1);
  victims.sort(moreImportant);
  const violations = victims.filter((one) => violating.has(one)).length;
  return { node, pods: victims, violations, costs: costsOf(victims, violations) };
}

function costsOf(victims: readonly Pod[], violations: number): readonly number[] {
  const [first] = victims;
  const highest = first === undefined ? 0 : priorityOf(first);
  // Each victim counts, whatever its priority.
  const sum = victims.reduce((total, pod) => total + priorityOf(pod) + 2 ** 31, 0);
  const earliest = victims
    .filter((pod) => priorityOf(pod) === highest)
    .map(startedAt)
    .sort()[0];
  const startedMs = Date.parse(earliest ?? '');
  return [violations, highest, sum, victims.length, Number.isNaN(startedMs) ? 0 : -startedMs];
}

function isCheaper(a: readonly number[], b: readonly number[]): boolean {
  for (const [index, cost] of a.entries()) {
    const other = b[index] ?? 0;
    if (cost !== other) return cost < other;
  }
  return false;
}

export const bestVictims = ([first, ...others]: readonly Victims[]): Victims | undefined =>
  others.reduce((best, victims) => (best !== undefined && isCheaper(victims.costs, best.costs) ? victims : best), first);

export function preempt(pod: Pod, options: PreemptionOptions): Preemption {
  const { cluster, podClass, refusals, budgets, args, random } = options;
  const why = ineligible(pod, options);
  if (why !== undefined) return { outcome: 'not eligible', why };
  const possible = cluster.nodes.filter(({ index }) => refusals[index]?.isResolvable === true);
  const enough = Math.min(
    possible.length,
    Math.max(args.minCandidateNodesAbsolute, Math.trunc((possible.length * args.minCandidateNodesPercentage) / 100)),
  );
  const first = Math.floor(random() * possible.length);
  const trial = { cluster, filters: podClass.filters };
  const found: Victims[] = [];
  const reasons = new Map<string, number>();
  const count = (reason: string, nodes: number): unknown => reasons.set(reason, (reasons.get(reason) ?? 0) + nodes);
  const own = cluster.nominations.of(pod);
  let hasHarmless = false;
  for (let step = 0; step < possible.length && !(found.length >= enough && hasHarmless); step += 1) {
    const node = possible[(first + step) % possible.length];
    if (node === undefined) continue;
    const answer = (): Preempted => victimsOn(pod, node, trial, budgets);
    const result = node.name === own ? answer() : podClass.victimsOn(node, answer);
    if ('pods' in result) {
      found.push(result);
      hasHarmless ||= result.violations === 0;
    } else for (const reason of result.reasons) count(reason, 1);
  }
  const victims = bestVictims(found);
  if (victims !== undefined) return { outcome: 'victims', victims };
  const unhelped = cluster.nodes.length - possible.length;
  if (unhelped > 0) count(notHelpful, unhelped);
  return { outcome: 'none', reasons };
}
