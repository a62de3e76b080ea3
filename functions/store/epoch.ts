/**
 * The fence between a worker and its successor. Taking over writes the next epoch into the log; each write of a worker
 * is conditional on its own epoch. A worker that was paused and replaced meanwhile writes nothing.
 */
import type { KubeObject } from '../kube/object.ts';
import { readObject } from '../kube/unreadable-object.ts';
import type { Key } from '../kube/view.ts';
import type { Operation, Store } from './store.ts';

export interface Epoch {
  readonly key: Key;
  readonly uid: string;
}

/** The operation was not carried out, because another worker has taken over. */
export class EpochOver extends Error {
  override name = 'EpochOver';
}

/** Not a resource that is served, and none that wakes workers. */
const resource = 'epochs.hibernetes.dev';

/** Begins a new epoch for the workers of this name; `uid` is its own. */
export async function takeEpoch(store: Store, name: string, uid: string): Promise<Epoch> {
  return (await take(store, name, uid)).epoch;
}

interface Taken {
  readonly epoch: Epoch;
  /** Up to this revision, another worker could write. */
  readonly sharedUntil: number;
}

function take(store: Store, name: string, uid: string): Promise<Taken> {
  const key: Key = { resource, namespace: '', name };
  const object: KubeObject = { metadata: { name, uid } };
  return store.commit({
    keys: [key],
    decide: (view) => {
      const type = view.get(key) === undefined ? 'create' : 'update';
      const sharedUntil = type === 'create' ? 0 : view.revision;
      return { outcome: 'write', writes: [{ type, key, object }], answer: () => ({ epoch: { key, uid }, sharedUntil }) };
    },
  });
}

/**
 * The epoch of one run of these workers. It begins with the run's first write, unless the last one was this
 * process's too (`uid`); a run that is overtaken does not begin another. Call it when a piece of work begins, and what it
 * returns for each write of that work: a worker that read before the epoch began may have missed a change. Its work is
 * refused with
 * `EpochOver`, for the worker before could have done the same.
 *
 *     old worker   ──── creates the pod ─┐
 *     new worker   reads ── decides ─────┴─ epoch ── creates it again?   no: reads and decides anew
 */
export function runEpoch(store: Store, name: string, uid: string): () => () => Promise<Epoch> {
  const key: Key = { resource, namespace: '', name };
  let begun: Promise<Taken> | undefined;
  let isBegun = false;
  const begin = async (): Promise<Taken> => {
    const isOurs = readObject(store.view().get(key))?.metadata.uid === uid;
    const taken = isOurs ? { epoch: { key, uid }, sharedUntil: 0 } : await take(store, name, uid);
    isBegun = true;
    return taken;
  };
  return () => {
    const isEarly = !isBegun;
    const { revision } = store.view();
    return async () => {
      begun ??= begin();
      const { epoch, sharedUntil } = await begun;
      if (isEarly && revision < sharedUntil) throw new EpochOver(`the epoch of ${name} began after this was decided`);
      return epoch;
    };
  };
}

/** The same operation, refused with `EpochOver` once another epoch has begun. */
export function inEpoch<T>(operation: Operation<T>, { key, uid }: Epoch): Operation<T> {
  return {
    ...operation,
    keys: [...operation.keys, key],
    decide(view) {
      if (readObject(view.get(key))?.metadata.uid === uid) return operation.decide(view);
      return { outcome: 'refuse', error: new EpochOver(`another worker has taken over as ${key.name}`) };
    },
  };
}
