/**
 * The pods that a node runs on its own, by manifests: it needs no API for them, and deleting their mirrors in the API does
 * not end them. Another manifest of the same name waits until the pod before it is gone.
 */
import type { Client } from '../../functions/client/client.ts';
import type { Pod } from '../../functions/kube/generated/types.ts';
import { isTerminating, nameOf, namespaceOf, uidOf } from '../../functions/kube/object.ts';
import { pods as podType } from '../../functions/kube/resource-type.ts';
import { isAlreadyExists, isConflict, isNotFound, StatusError } from '../../functions/kube/status-error.ts';
import { timestamp } from '../../functions/kube/time.ts';
import type { World } from '../../functions/world.ts';
import type { DesiredState } from '../desired-state.ts';
import { graceSecondsOf } from '../pods/pod-facts.ts';
import { TransportError } from '../poll.ts';
import { repeat } from '../repeat.ts';
import type { Manifests } from './manifests.ts';
import { planMirrors } from './mirror-plan.ts';
import { fullName, mirrorOf } from './static-pod.ts';

export interface StaticPods {
  /** Reads the manifests: what the node runs from its first moment on. */
  load(): Promise<void>;
  /** Nothing of a pod runs any more that was to end. */
  finished(podUid: string): void;
  /** Nothing of the pod is left on the node. */
  released(podUid: string): void;
  run(signal: AbortSignal): Promise<void>;
}

export interface StaticPodsOptions {
  readonly world: World;
  readonly client: Client;
  readonly nodeName: string;
  readonly desired: Pick<DesiredState, 'setStaticPods' | 'mirrors' | 'nodes' | 'isKnown'>;
  /** Left out: the node has no pods of its own. */
  readonly manifests?: Manifests | undefined;
  readonly onChange: () => void;
}

const readPeriodMs = 2000;
const mirrorPeriodMs = 1000;

export function createStaticPods(options: StaticPodsOptions): StaticPods {
  return new NodeStaticPods(options);
}

class NodeStaticPods implements StaticPods {
  readonly #options: StaticPodsOptions;
  /** By full name, as the manifests want them. */
  #wanted: ReadonlyMap<string, Pod> = new Map();
  /** By full name, what runs or ends. */
  readonly #own = new Map<string, Pod>();
  /** Names of pods that have ended and are being cleared away, by uid. */
  readonly #leaving = new Map<string, string>();
  /** By full name: why the API refused the mirror last. */
  readonly #refusals = new Map<string, string>();

  constructor(options: StaticPodsOptions) {
    this.#options = options;
  }

  async load(): Promise<void> {
    const { manifests } = this.#options;
    if (manifests === undefined) return;
    this.#wanted = new Map((await manifests.read()).map((pod) => [fullName(pod), pod]));
    this.#bringInLine();
  }

  finished(podUid: string): void {
    for (const [name, pod] of this.#own) {
      if (uidOf(pod) !== podUid || !isTerminating(pod)) continue;
      this.#own.delete(name);
      this.#leaving.set(podUid, name);
      this.#publish();
    }
  }

  released(podUid: string): void {
    if (this.#leaving.delete(podUid)) this.#bringInLine();
  }

  async run(signal: AbortSignal): Promise<void> {
    const { world } = this.#options;
    await Promise.all([
      repeat(world, { periodMs: readPeriodMs, what: 'the manifests of static pods' }, signal, () => this.load()),
      repeat(world, { periodMs: mirrorPeriodMs, what: 'mirrors of static pods' }, signal, () => this.#mirror()),
    ]);
  }

  #bringInLine(): void {
    let changed = false;
    for (const [name, pod] of this.#own) {
      const wanted = this.#wanted.get(name);
      if (isTerminating(pod) || (wanted !== undefined && uidOf(wanted) === uidOf(pod))) continue;
      this.#own.set(name, this.#ending(pod));
      changed = true;
    }
    const leaving = new Set(this.#leaving.values());
    for (const [name, pod] of this.#wanted) {
      if (this.#own.has(name) || leaving.has(name)) continue;
      this.#own.set(name, pod);
      changed = true;
    }
    if (changed) this.#publish();
  }

  #ending(pod: Pod): Pod {
    const deletionTimestamp = timestamp(this.#options.world.clock.now() + graceSecondsOf(pod) * 1000);
    return { ...pod, metadata: { ...pod.metadata, deletionTimestamp, deletionGracePeriodSeconds: graceSecondsOf(pod) } };
  }

  #publish(): void {
    this.#options.desired.setStaticPods([...this.#own.values()]);
    this.#options.onChange();
  }

  async #mirror(): Promise<void> {
    const { desired, client, nodeName } = this.#options;
    if (!desired.isKnown()) return;
    const plan = planMirrors([...this.#own.values()], desired.mirrors());
    for (const mirror of plan.deletions) {
      const at = { namespace: namespaceOf(mirror), name: nameOf(mirror) };
      const remove = (): Promise<void> => client.delete(podType, at, { gracePeriodSeconds: 0, preconditions: { uid: uidOf(mirror) } });
      await this.#ask(mirror, remove, (error) => isNotFound(error) || isConflict(error));
    }
    const uid = desired.nodes().find((node) => nameOf(node) === nodeName)?.metadata.uid;
    // Until the node is known, no mirror can name it as its owner.
    if (uid === undefined) return;
    for (const pod of plan.creations) {
      await this.#ask(pod, () => client.create(podType, mirrorOf(pod, { name: nodeName, uid })), isAlreadyExists);
    }
  }

  /**
   * What the API refuses is logged once; the pod runs on without a mirror. `isDone`: the call before did it, and the poll has
   * not brought it yet.
   */
  async #ask(pod: Pod, call: () => Promise<unknown>, isDone: (error: unknown) => boolean): Promise<void> {
    const name = fullName(pod);
    try {
      await call();
      this.#refusals.delete(name);
    } catch (error) {
      if (!(error instanceof StatusError || error instanceof TransportError)) throw error;
      if (isDone(error) || this.#refusals.get(name) === error.message) return;
      this.#refusals.set(name, error.message);
      this.#options.world.log.warn('the mirror of a static pod was refused', { pod: name, error: error.message });
    }
  }
}
