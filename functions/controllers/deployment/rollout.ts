/**
 * One reconcile of a Deployment under way: its ReplicaSets after the writes so far, and the status that will be written at
 * the end. Source: pkg/controller/deployment/sync.go.
 */
import { conditionOf } from '../../kube/conditions.ts';
import { copy } from '../../kube/copy.ts';
import { deepEqual } from '../../kube/equality.ts';
import type { Deployment, DeploymentStatus, ReplicaSet } from '../../kube/generated/types.ts';
import { annotationsOf, nameOf, namespaceOf, uidOf } from '../../kube/object.ts';
import { controllerOf } from '../../kube/owners.ts';
import { deployments, replicaSets } from '../../kube/resource-type.ts';
import { isAlreadyExists, StatusError } from '../../kube/status-error.ts';
import type { ReconcileContext } from '../../workers/controller.ts';
import { isNamespaceTerminating } from '../shared/pod-control.ts';
import { active, byAge, currentSet, isSameTemplate, newSet, replicasOf, setsBut } from './replica-sets.ts';
import { annotationsOfNewSet, revisionAnnotation, revisionOf, sizeAnnotations } from './revisions.ts';
import { newReplicas, sum } from './rolling.ts';
import type { Sets } from './status.ts';
import { hasProgressDeadline, withDeploymentCondition } from './status.ts';

export class Rollout implements Sets {
  deployment: Deployment;
  readonly context: ReconcileContext;
  all: readonly ReplicaSet[];
  current: ReplicaSet | undefined;
  /** The stored status with what this reconcile adds to its conditions. */
  status: DeploymentStatus;

  constructor(deployment: Deployment, sets: readonly ReplicaSet[], context: ReconcileContext) {
    this.deployment = deployment;
    this.context = context;
    this.all = [...sets].sort(byAge);
    this.current = currentSet(deployment, sets);
    this.status = deployment.status ?? {};
  }

  get old(): readonly ReplicaSet[] {
    return setsBut(this.all, this.current);
  }

  get activeOld(): readonly ReplicaSet[] {
    return active(this.old);
  }

  get #nextRevision(): bigint {
    return this.old.map(revisionOf).reduce((largest, revision) => (revision > largest ? revision : largest), 0n) + 1n;
  }

  /** Brings the current ReplicaSet, if there is one, in line with its Deployment. */
  async syncCurrent(): Promise<void> {
    const { current, deployment } = this;
    if (current === undefined) return;
    const annotations = annotationsOfNewSet(deployment, annotationsOf(current), this.#nextRevision);
    const minReadySeconds = deployment.spec.minReadySeconds ?? 0;
    if (!deepEqual(annotations, annotationsOf(current)) || (current.spec.minReadySeconds ?? 0) !== minReadySeconds) {
      const next = copy(current);
      next.metadata.annotations = annotations;
      next.spec.minReadySeconds = minReadySeconds;
      await this.#update(next);
    }
    await this.#setRevision(annotations[revisionAnnotation]);
    if (conditionOf(this.status.conditions, 'Progressing') === undefined)
      this.#setProgressing('True', 'FoundNewReplicaSet', `Found new replica set "${nameOf(current)}"`);
  }

  /** Makes the ReplicaSet for the Deployment's template, if there is none, with as many pods as may be added now. */
  async createCurrent(): Promise<void> {
    if (this.current !== undefined) return;
    const { context, deployment } = this;
    const set = newSet(deployment);
    const replicas = newReplicas(deployment.spec, sum(this.all, replicasOf), 0);
    const revision = this.#nextRevision;
    set.spec.replicas = replicas;
    set.metadata.annotations = { ...annotationsOfNewSet(deployment, {}, revision), ...sizeAnnotations(deployment) };

    const made = await this.#create(set);
    this.all = [...this.all, made.set].sort(byAge);
    this.current = made.set;
    if (made.isNew && replicas > 0)
      context.events.event(deployment, 'Normal', 'ScalingReplicaSet', `Scaled up replica set ${nameOf(made.set)} from 0 to ${replicas}`);
    if (made.isNew) this.#setProgressing('True', 'NewReplicaSetCreated', `Created new replica set "${nameOf(made.set)}"`);
    await this.#setRevision(String(revision));
  }

  async #create(set: ReplicaSet): Promise<{ set: ReplicaSet; isNew: boolean }> {
    const { context, deployment } = this;
    try {
      return { set: await context.client.create(replicaSets, set), isNew: true };
    } catch (error) {
      if (isAlreadyExists(error)) return { set: await this.#existing(set, error), isNew: false };
      if (!(error instanceof StatusError) || isNamespaceTerminating(error)) throw error;
      const message = `Failed to create new replica set "${nameOf(set)}": ${error.message}`;
      context.events.event(deployment, 'Warning', 'ReplicaSetCreateError', message);
      this.#setProgressing('False', 'ReplicaSetCreateError', message);
      await this.saveStatus(this.status);
      throw error;
    }
  }

  /** Another owner's ReplicaSet has the name: the next attempt uses another hash. */
  async #existing(set: ReplicaSet, error: StatusError): Promise<ReplicaSet> {
    const { context, deployment } = this;
    const existing = await context.client.get(replicaSets, { namespace: namespaceOf(set), name: nameOf(set) });
    const isOurs = controllerOf(existing)?.uid === uidOf(deployment);
    if (isOurs && isSameTemplate(existing.spec.template, deployment.spec.template)) return existing;
    await this.saveStatus({ ...this.status, collisionCount: (this.status.collisionCount ?? 0) + 1 });
    throw error;
  }

  /** Gives the set its size, and notes on it what the sizes are about. True when the size changed. */
  async resize(set: ReplicaSet, replicas: number): Promise<boolean> {
    const before = replicasOf(set);
    const sizes = sizeAnnotations(this.deployment);
    const annotations = { ...annotationsOf(set), ...sizes };
    if (before === replicas && deepEqual(annotations, annotationsOf(set))) return false;
    const next = copy(set);
    next.metadata.annotations = annotations;
    next.spec.replicas = replicas;
    await this.#update(next);
    if (before === replicas) return false;
    const direction = replicas > before ? 'up' : 'down';
    const message = `Scaled ${direction} replica set ${nameOf(set)} from ${before} to ${replicas}`;
    this.context.events.event(this.deployment, 'Normal', 'ScalingReplicaSet', message);
    return true;
  }

  async saveStatus(status: DeploymentStatus): Promise<void> {
    if (deepEqual(status, this.deployment.status)) return;
    this.deployment = await this.context.client.update(deployments, { ...copy(this.deployment), status }, 'status');
    this.status = status;
  }

  #setProgressing(status: 'True' | 'False', reason: string, message: string): void {
    if (!hasProgressDeadline(this.deployment)) return;
    const text = { type: 'Progressing', status, reason, message };
    this.status = {
      ...this.status,
      conditions: withDeploymentCondition(this.status.conditions ?? [], text, this.context.clock.now()),
    };
  }

  async #update(next: ReplicaSet): Promise<void> {
    const updated = await this.context.client.update(replicaSets, next);
    this.all = this.all.map((set) => (uidOf(set) === uidOf(updated) ? updated : set));
    if (this.current !== undefined && uidOf(this.current) === uidOf(updated)) this.current = updated;
  }

  /** `kubectl rollout history` reads it. */
  async #setRevision(revision: string | undefined): Promise<void> {
    const { deployment } = this;
    if (revision === undefined || annotationsOf(deployment)[revisionAnnotation] === revision) return;
    const annotations = { ...annotationsOf(deployment), [revisionAnnotation]: revision };
    const next = copy({ ...deployment, metadata: { ...deployment.metadata, annotations } });
    // The status endpoint takes annotations, too, and counts no generation.
    this.deployment = await this.context.client.update(deployments, next, 'status');
  }
}
