/**
 * Creates, repairs and deletes pods of a StatefulSet together with their claims, and records Events about it.
 * Source: pkg/controller/statefulset/stateful_pod_control.go.
 */
import type { PersistentVolumeClaim, Pod, StatefulSet } from '../../kube/generated/types.ts';
import { isTerminating, nameOf, namespaceOf } from '../../kube/object.ts';
import { persistentVolumeClaims, pods } from '../../kube/resource-type.ts';
import { isAlreadyExists } from '../../kube/status-error.ts';
import type { ReconcileContext } from '../../workers/controller.ts';
import { remove } from '../shared/removal.ts';
import { claimNames, claimsOf, hasIdentity, hasStorage, ordinalOf, withIdentity } from './identity.ts';
import { hasUnexpectedController, isClaimStale, isOwnershipRight, withOwnership } from './retention.ts';

type Verb = 'Create' | 'Update' | 'Delete';

export class SetPods {
  readonly #set: StatefulSet;
  readonly #context: ReconcileContext;

  constructor(set: StatefulSet, context: ReconcileContext) {
    this.#set = set;
    this.#context = context;
  }

  async create(pod: Pod): Promise<void> {
    await this.#recording('Create', pod, () => this.#createClaims(pod), 'failures only');
    try {
      await this.#context.client.create(pods, pod);
    } catch (error) {
      if (isAlreadyExists(error)) throw error;
      this.#record('Create', pod, asError(error));
      throw error;
    }
    await this.#recording('Update', pod, () => this.#ownClaims(pod), 'failures only');
    this.#record('Create', pod);
  }

  /** A pod that waits may wait for a claim that a user deleted. */
  async createMissingClaims(pod: Pod): Promise<void> {
    await this.#createClaims(pod);
    await this.#recording('Update', pod, () => this.#ownClaims(pod), 'failures only');
  }

  /** Gives a pod that was adopted, or whose claims' owners are no longer right, what it lacks. */
  async repair(pod: Pod): Promise<void> {
    const hasClaims = hasStorage(this.#set, pod);
    if (hasIdentity(pod) && hasClaims) {
      await this.#recording('Update', pod, () => this.#ownClaims(pod), 'failures only');
      return;
    }
    await this.#recording('Update', pod, async () => {
      if (!hasClaims) await this.#createClaims(pod);
      await this.#ownClaims(pod);
      await this.#context.client.update(pods, withIdentity(this.#set, pod));
    });
  }

  async delete(pod: Pod): Promise<void> {
    await this.#recording('Delete', pod, () => remove(pods, pod, this.#context));
  }

  /** Sees that the pod's claims go when they should. */
  async ownClaims(pod: Pod): Promise<void> {
    await this.#ownClaims(pod);
  }

  hasStaleClaim(pod: Pod): boolean {
    return this.#claims(pod).some((claim) => isClaimStale(this.#set, claim, pod));
  }

  isInOrder(pod: Pod): boolean {
    return hasIdentity(pod) && hasStorage(this.#set, pod) && this.#claims(pod).every((claim) => isOwnershipRight(claim, this.#set, pod));
  }

  /** The claims of a pod that exist. */
  #claims(pod: Pod): PersistentVolumeClaim[] {
    const namespace = namespaceOf(this.#set);
    return claimNames(this.#set, ordinalOf(pod) ?? -1).flatMap(
      (name) => this.#context.cache.get(persistentVolumeClaims, { namespace, name }) ?? [],
    );
  }

  async #createClaims(pod: Pod): Promise<void> {
    const { cache, client } = this.#context;
    const failures: string[] = [];
    for (const claim of claimsOf(this.#set, ordinalOf(pod) ?? -1)) {
      const existing = cache.get(persistentVolumeClaims, { namespace: namespaceOf(claim), name: nameOf(claim) });
      if (existing !== undefined) {
        if (isTerminating(existing)) failures.push(`pvc ${nameOf(claim)} is being deleted`);
        continue;
      }
      try {
        await client.create(persistentVolumeClaims, claim);
        this.#recordClaim(pod, claim);
      } catch (error) {
        if (!(error instanceof Error)) throw error;
        failures.push(`failed to create PVC ${nameOf(claim)}: ${error.message}`);
        if (!isAlreadyExists(error)) this.#recordClaim(pod, claim, error);
      }
    }
    if (failures.length > 0) throw new Error(failures.length === 1 ? failures[0] : `[${failures.join(', ')}]`);
  }

  async #ownClaims(pod: Pod): Promise<void> {
    for (const claim of this.#claims(pod)) {
      if (hasUnexpectedController(claim, this.#set, pod)) {
        const message = `PersistentVolumeClaim ${nameOf(claim)} has a conflicting OwnerReference that acts as a manging controller, the retention policy is ignored for this claim`;
        this.#context.events.event(this.#set, 'Warning', 'ConflictingController', message);
      }
      if (!isOwnershipRight(claim, this.#set, pod))
        await this.#context.client.update(persistentVolumeClaims, withOwnership(claim, this.#set, pod));
    }
  }

  async #recording(verb: Verb, pod: Pod, act: () => Promise<void>, what: 'everything' | 'failures only' = 'everything'): Promise<void> {
    try {
      await act();
    } catch (error) {
      this.#record(verb, pod, asError(error));
      throw error;
    }
    if (what === 'everything') this.#record(verb, pod);
  }

  #record(verb: Verb, pod: Pod, error?: Error): void {
    const subject = `${verb} Pod ${nameOf(pod)} in StatefulSet ${nameOf(this.#set)}`;
    const { events } = this.#context;
    if (error === undefined) events.event(this.#set, 'Normal', `Successful${verb}`, `${subject} successful`);
    else events.event(this.#set, 'Warning', `Failed${verb}`, `${subject} failed error: ${error.message}`);
  }

  #recordClaim(pod: Pod, claim: PersistentVolumeClaim, error?: Error): void {
    const [claimName, podName, setName] = [nameOf(claim), nameOf(pod), nameOf(this.#set)];
    const { events } = this.#context;
    if (error === undefined)
      events.event(this.#set, 'Normal', 'SuccessfulCreate', `Create Claim ${claimName} Pod ${podName} in StatefulSet ${setName} success`);
    else
      events.event(
        this.#set,
        'Warning',
        'FailedCreate',
        `Create Claim ${claimName} for Pod ${podName} in StatefulSet ${setName} failed error: ${error.message}`,
      );
  }
}

const asError = (reason: unknown): Error => (reason instanceof Error ? reason : new Error(String(reason)));
