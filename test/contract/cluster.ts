/** Operations and objects for the facts of the contracts. */
import type { KubeObject } from '../../functions/kube/object.ts';
import type { VirtualWorld } from '../support/virtual-world.ts';
import type { Key, Stored } from '../../functions/kube/view.ts';
import type { Change, Operation, Store, WatchBatch } from '../../functions/store/store.ts';

export const podKey = (name: string, namespace = 'default'): Key => ({ resource: 'pods', namespace, name });

export function pod(name: string, fields: { namespace?: string; labels?: Record<string, string>; note?: string } = {}): KubeObject {
  const { namespace = 'default', labels, note } = fields;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, uid: `uid-${name}`, ...(labels === undefined ? {} : { labels }) },
    ...(note === undefined ? {} : { spec: { note } }),
  };
}

export class Exists extends Error {}
export class Missing extends Error {}
export class Conflict extends Error {}

const keyOf = (object: KubeObject): Key => podKey(object.metadata.name ?? '', object.metadata.namespace);

const single = (stored: readonly Stored[]): Stored => stored[0]!;

export function create(object: KubeObject): Operation<Stored> {
  const key = keyOf(object);
  return {
    keys: [key],
    decide: (view) =>
      view.get(key) === undefined
        ? { outcome: 'write', writes: [{ type: 'create', key, object }], answer: single }
        : { outcome: 'refuse', error: new Exists(key.name) },
  };
}

/** Only if the revision is still this one; 0: whatever it is. */
export function update(object: KubeObject, revision = 0): Operation<Stored> {
  const key = keyOf(object);
  return {
    keys: [key],
    decide(view) {
      const current = view.get(key);
      if (current === undefined) return { outcome: 'refuse', error: new Missing(key.name) };
      if (revision !== 0 && current.revision !== revision) return { outcome: 'refuse', error: new Conflict(key.name) };
      return { outcome: 'write', writes: [{ type: 'update', key, object }], answer: single };
    },
  };
}

export function remove(key: Key): Operation<Stored> {
  return {
    keys: [key],
    decide: (view) =>
      view.get(key) === undefined
        ? { outcome: 'refuse', error: new Missing(key.name) }
        : { outcome: 'write', writes: [{ type: 'delete', key }], answer: single },
  };
}

/** Ticks often enough for what was current at the start to fall below the compact revision. */
export async function compact(store: Store, world: VirtualWorld): Promise<void> {
  await store.housekeep();
  for (let tick = 0; tick < 2; tick += 1) {
    await world.advance(5 * 60_000);
    await store.commit(create(pod(`tick-${tick}-${world.clock.now()}`)));
    await store.housekeep();
  }
}

/** What readers see of it, however it is held. */
export const plain = ({ key, revision, object }: Stored): Stored => ({ key, revision, object });

export const names = (list: readonly Stored[]): string[] => list.map(({ key }) => key.name);

export const summary = ({ type, key, revision }: Change): string => `${revision} ${type} ${key.namespace}/${key.name}`;

/** Reads a watch in the background; `batches` grows as they come. */
export function follow(store: Store, after: number, options: { namespace?: string; resource?: string } = {}): Followed {
  const controller = new AbortController();
  const { resource = 'pods', namespace } = options;
  const batches: WatchBatch[] = [];
  const request = { resource, after, signal: controller.signal, ...(namespace === undefined ? {} : { namespace }) };
  const ended = (async () => {
    for await (const batch of store.watch(request)) batches.push(batch);
  })();
  ended.catch(() => undefined);
  return {
    batches,
    ended,
    changes: () => batches.flatMap(({ changes }) => changes.map(summary)),
    stop: () => controller.abort(),
  };
}

export interface Followed {
  readonly batches: readonly WatchBatch[];
  /** Rejects with what the watch threw. */
  readonly ended: Promise<void>;
  changes(): string[];
  stop(): void;
}
