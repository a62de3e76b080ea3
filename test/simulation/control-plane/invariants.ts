/** What holds in a control plane at every moment, whatever goes wrong; judged by what is really written and what really runs. */
import type { Deployment, Job, Node, Pod, ReplicaSet } from '../../../functions/kube/generated/types.ts';
import type { KubeObject } from '../../../functions/kube/object.ts';
import { isTerminating, nameOf, namespaceOf, uidOf } from '../../../functions/kube/object.ts';
import { controllerOf } from '../../../functions/kube/owners.ts';
import { isPodActive, isPodFinished, isPodReady } from '../../../functions/kube/pod.ts';
import { parseQuantity } from '../../../functions/kube/quantity.ts';
import * as types from '../../../functions/kube/resource-type.ts';
import type { Store } from '../../../functions/store/store.ts';
import type { Judge } from '../judge.ts';
import type { Running } from './machine.ts';
import type { SentPatch } from './observed.ts';
import { budgetMin } from './scenes.ts';
import type { Witness, WitnessedChange } from './witness.ts';

/** What was asked for within this time may still be under way. */
const recentMs = 10 * 60_000;

interface Recent {
  readonly atMs: number;
  readonly value: number;
}

export class Invariants {
  readonly #judge: Judge;
  readonly #witness: Witness;
  readonly #running: ReadonlySet<Running>;
  readonly #gone = new Set<string>();
  /** How much objects asked for, by uid. */
  readonly #wanted = new Map<string, Recent[]>();
  readonly #succeeded = new Map<string, Set<string>>();
  /** Jobs of which a pod was taken away: replaced at once, it may still succeed. */
  readonly #disturbed = new Set<string>();
  /** Deployments that had as many ready pods as they must never again have fewer of, and how many. */
  readonly #reachedMin = new Map<string, number>();
  /** Nothing but controllers and users of the API takes pods away. */
  #isPeaceful: boolean;

  constructor(judge: Judge, witness: Witness, running: ReadonlySet<Running>, isPeaceful: boolean) {
    this.#judge = judge;
    this.#witness = witness;
    this.#running = running;
    this.#isPeaceful = isPeaceful;
    witness.onChange((change) => this.#judgeChange(change));
  }

  #judgeChange(change: WitnessedChange): void {
    this.#checkLife(change);
    switch (change.key.resource) {
      case 'pods':
        return this.#judgePod(change as WitnessedChange<Pod>);
      case 'replicasets.apps':
        return this.#judgeReplicaSet(change as WitnessedChange<ReplicaSet>);
      case 'deployments.apps':
        return this.#judgeDeployment(change as WitnessedChange<Deployment>);
      case 'nodes':
        return this.#judgeNode(change as WitnessedChange<Node>);
      case 'jobs.batch':
        return this.#judgeJob(change as WitnessedChange<Job>);
    }
  }

  #checkLife({ type, key, object, before }: WitnessedChange): void {
    const what = `${key.resource} ${key.namespace}/${key.name}`;
    if (key.resource.endsWith('.hibernetes.dev')) return;
    const uid = uidOf(object);
    if (type === 'added') this.#judge.check(!this.#gone.has(uid), 'no resurrection', () => `${what} is there again with uid ${uid}`);
    if (type !== 'deleted') return;
    this.#gone.add(uid);
    const finalizers = object.metadata.finalizers ?? [];
    this.#judge.check(finalizers.length === 0, 'finalizers', () => `${what} went with ${finalizers.join()}`);
    this.#judge.check(before !== undefined && uidOf(before) === uid, 'no resurrection', () => `${what} went, but was not there`);
  }

  #want(object: KubeObject, value: number, atMs: number): void {
    const known = (this.#wanted.get(uidOf(object)) ?? []).filter((one) => one.atMs >= atMs - recentMs);
    const [last] = (this.#wanted.get(uidOf(object)) ?? []).slice(-1);
    // What held until now was asked for until now.
    if (last !== undefined) known.push({ atMs, value: last.value });
    this.#wanted.set(uidOf(object), [...known, { atMs, value }]);
  }

  /** The most that it asked for lately. */
  #mostWanted(uid: string): number {
    return Math.max(0, ...(this.#wanted.get(uid) ?? []).map(({ value }) => value));
  }

  #judgePod({ type, key, object: pod, before }: WitnessedChange<Pod>): void {
    const what = `pod ${key.namespace}/${key.name}`;
    const { nodeName } = pod.spec;
    if (before !== undefined && type === 'modified' && before.spec.nodeName !== undefined)
      this.#judge.check(before.spec.nodeName === nodeName, 'bound once', () => `${what} went from ${before.spec.nodeName} to ${nodeName}`);
    if (type !== 'deleted' && nodeName !== undefined && before?.spec.nodeName === undefined) this.#checkCapacity(nodeName);
    const owner = controllerOf(pod);
    if (owner?.kind === 'Job' && isTerminating(pod) && !isPodFinished(pod)) this.#disturbed.add(owner.uid);
    if (pod.status?.phase === 'Succeeded' && owner?.kind === 'Job') this.#noteSuccess(owner.uid, uidOf(pod));
    if (type === 'added') {
      this.#checkQuota(key.namespace);
      if (owner !== undefined) this.#checkCount(owner.uid, what);
    }
    if (this.#isPeaceful) this.#checkMinAvailable(key.namespace);
  }

  #checkCapacity(nodeName: string): void {
    const bound = this.#witness.list(types.pods).filter((pod) => pod.spec.nodeName === nodeName && !isPodFinished(pod));
    const sum = (pod: Pod): bigint =>
      pod.spec.containers.reduce((all, { resources }) => all + parseQuantity(resources?.requests?.['cpu'] ?? '0'), 0n);
    const used = bound.reduce((all, pod) => all + sum(pod), 0n);
    const { cpu = '0', pods: places = '0' } = this.#witness.get(types.nodes, '', nodeName)?.status?.allocatable ?? {};
    const names = (): string => bound.map(nameOf).join();
    this.#judge.check(used <= parseQuantity(cpu), 'capacity', () => `${nodeName} has ${cpu} processors for ${names()}`);
    this.#judge.check(bound.length <= Number(places), 'capacity', () => `${nodeName} has room for ${places}: ${names()}`);
  }

  #checkQuota(namespace: string): void {
    for (const quota of this.#witness.list(types.resourceQuotas, namespace)) {
      const active = this.#witness.list(types.pods, namespace).filter(isPodActive);
      const hard = Number(quota.spec?.hard?.['pods'] ?? Number.POSITIVE_INFINITY);
      this.#judge.check(active.length <= hard, 'quota', () => `${namespace} may have ${hard} pods, and has ${active.map(nameOf).join()}`);
    }
  }

  /** Who counts its pods makes no more of them than it was asked for. */
  #checkCount(owner: string, what: string): void {
    const active = this.#witness.list(types.pods).filter((pod) => controllerOf(pod)?.uid === owner && isPodActive(pod));
    if (!this.#wanted.has(owner)) return;
    const most = this.#mostWanted(owner);
    const names = (): string => active.map(nameOf).join();
    this.#judge.check(active.length <= most, 'counts', () => `${what} is one too many of ${names()}: ${most} were asked for`);
  }

  #judgeReplicaSet({ type, object: set, before, atMs, key }: WitnessedChange<ReplicaSet>): void {
    if (type === 'deleted') return;
    const replicas = set.spec.replicas ?? 1;
    if (before?.spec.replicas !== set.spec.replicas || type === 'added') this.#want(set, replicas, atMs);
    const owner = controllerOf(set);
    if (owner === undefined || !this.#wanted.has(owner.uid) || replicas <= (before?.spec.replicas ?? 0)) return;
    const siblings = this.#witness.list(types.replicaSets, key.namespace).filter((one) => controllerOf(one)?.uid === owner.uid);
    const total = siblings.reduce((sum, one) => sum + (one.spec.replicas ?? 1), 0);
    const most = this.#mostWanted(owner.uid);
    this.#judge.check(total <= most, 'rollouts', () => `replica sets of ${owner.name} ask for ${total} pods, ${most} are allowed`);
  }

  #judgeDeployment({ type, object, before, atMs, key }: WitnessedChange<Deployment>): void {
    if (type === 'deleted') return void this.#reachedMin.delete(uidOf(object));
    if (type === 'added' || before?.metadata.generation !== object.metadata.generation) {
      this.#want(object, ceilingOf(object), atMs);
      if (before?.spec.replicas !== object.spec.replicas) this.#reachedMin.delete(uidOf(object));
    }
    if (this.#isPeaceful) this.#checkMinAvailable(key.namespace);
  }

  /** A node that has been unresponsive for too long: its pods count as not ready. */
  #judgeNode({ object }: WitnessedChange<Node>): void {
    const ready = object.status?.conditions?.find(({ type }) => type === 'Ready');
    if (ready !== undefined && ready.status !== 'True') this.#isPeaceful = false;
  }

  #checkMinAvailable(namespace: string): void {
    const place = this.#witness.get(types.namespaces, '', namespace);
    if (place === undefined || isTerminating(place)) return;
    for (const deployment of this.#witness.list(types.deployments, namespace)) {
      // Its pods are taken away by others.
      if (this.#witness.list(types.podDisruptionBudgets, namespace).length > 0) this.#checkBudget(deployment);
      else if (!isTerminating(deployment)) this.#checkMin(deployment, minAvailableOf(deployment), 'rollouts');
    }
  }

  #checkBudget(deployment: Deployment): void {
    this.#checkMin(deployment, budgetMin, 'budgets');
  }

  #checkMin(deployment: Deployment, minAvailable: number, invariant: string): void {
    const namespace = namespaceOf(deployment);
    const sets = this.#witness.list(types.replicaSets, namespace).filter((set) => controllerOf(set)?.uid === uidOf(deployment));
    const uids = new Set(sets.map(uidOf));
    const own = this.#witness.list(types.pods, namespace).filter((pod) => uids.has(controllerOf(pod)?.uid ?? ''));
    const ready = own.filter((pod) => isPodReady(pod) && !isTerminating(pod)).length;
    const reached = this.#reachedMin.get(uidOf(deployment));
    if (reached === undefined) {
      if (ready >= minAvailable) this.#reachedMin.set(uidOf(deployment), minAvailable);
      return;
    }
    const what = (): string => `${namespace}/${nameOf(deployment)} has ${ready} ready pods, and must have ${reached}`;
    this.#judge.check(ready >= reached, invariant, what);
  }

  #noteSuccess(job: string, pod: string): void {
    const known = this.#succeeded.get(job) ?? new Set();
    this.#succeeded.set(job, known.add(pod));
  }

  #judgeJob({ type, object: job, before, atMs, key }: WitnessedChange<Job>): void {
    if (type === 'deleted') return;
    if (type === 'added' || before?.metadata.generation !== job.metadata.generation) this.#want(job, job.spec?.parallelism ?? 1, atMs);
    const real = this.#succeeded.get(uidOf(job))?.size ?? 0;
    const counted = job.status?.succeeded ?? 0;
    const what = (): string => `job ${key.namespace}/${key.name} says ${counted} succeeded of ${job.spec?.completions}, ${real} did`;
    this.#judge.check(counted <= real, 'job counts', what);
    const isComplete = job.status?.conditions?.some(({ type: name, status }) => name === 'Complete' && status === 'True') === true;
    const completions = job.spec?.completions ?? 1;
    const isExact = this.#disturbed.has(uidOf(job)) ? counted >= completions : counted === completions && counted === real;
    if (isComplete) this.#judge.check(isExact, 'job counts', what);
  }

  /** A machine starts the containers of a pod. */
  started(running: Running): void {
    const { pod, node } = running;
    const place = `${namespaceOf(pod)}/${nameOf(pod)}`;
    for (const other of this.#running) {
      if (other === running || `${namespaceOf(other.pod)}/${nameOf(other.pod)}` !== place) continue;
      const what = (): string => `${place} runs on ${other.node} (${uidOf(other.pod)}) and on ${node} (${uidOf(pod)})`;
      const isSame = controllerOf(pod)?.kind !== 'StatefulSet' && uidOf(other.pod) !== uidOf(pod);
      this.#judge.check(isSame, 'one of each ordinal', what);
    }
  }

  /** Who adopts an object lives, as far as its process knows. */
  sent({ type, at, patch }: SentPatch, store: Store): void {
    const current = store.view().get({ resource: types.groupResource(type), namespace: at.namespace, name: at.name })?.object;
    for (const reference of patch.metadata?.ownerReferences ?? []) {
      const isKnown = current?.metadata.ownerReferences?.some(({ uid }) => uid === reference.uid) === true;
      const owners = ownerTypes[reference.kind];
      if (reference.controller !== true || isKnown || owners === undefined) continue;
      const key = { resource: types.groupResource(owners), namespace: at.namespace, name: reference.name };
      const owner = store.view().get(key)?.object;
      const isAlive = owner !== undefined && uidOf(owner) === reference.uid && !isTerminating(owner);
      this.#judge.check(isAlive, 'adoption', () => `${reference.kind} ${reference.name} adopts ${at.name}, and is known to be gone`);
    }
  }

  /** At rest: nothing is on its way out, and nothing belongs to what is gone. */
  leftover(): string | undefined {
    for (const object of this.#witness.all()) {
      const what = `${object.kind} ${namespaceOf(object)}/${nameOf(object)}`;
      if (isTerminating(object)) return `${what} is deleted, and stays`;
      const owner = controllerOf(object);
      if (owner !== undefined && this.#witness.byUid(owner.uid) === undefined) return `${what} belongs to ${owner.name}, which is gone`;
    }
    return undefined;
  }
}

const ownerTypes: Readonly<Record<string, types.ResourceType>> = {
  ReplicaSet: types.replicaSets,
  Deployment: types.deployments,
  StatefulSet: types.statefulSets,
  DaemonSet: types.daemonSets,
  Job: types.jobs,
};

function shareOf(value: number | string | undefined, replicas: number, round: (share: number) => number): number {
  if (typeof value === 'string' && value.endsWith('%')) return round((Number(value.slice(0, -1)) * replicas) / 100);
  return Number(value ?? 0);
}

/** The most pods that there may be. */
function ceilingOf({ spec: { replicas = 1, strategy } }: Deployment): number {
  return replicas + shareOf(strategy?.rollingUpdate?.maxSurge, replicas, Math.ceil);
}

/** How many ready pods there must be. */
function minAvailableOf({ spec: { replicas = 1, strategy } }: Deployment): number {
  const surge = shareOf(strategy?.rollingUpdate?.maxSurge, replicas, Math.ceil);
  const missing = shareOf(strategy?.rollingUpdate?.maxUnavailable, replicas, Math.floor);
  return replicas - (surge === 0 && missing === 0 ? 1 : missing);
}
