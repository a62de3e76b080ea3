/**
 * The fence between a worker and its successor. Taking over writes the next epoch into the log; each write of a worker
 * is conditional on its own epoch. A worker that was paused and replaced meanwhile writes nothing.
 */
import type { KubeObject } from '../kube/object.ts';
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

/** Begins a new epoch for the workers of this name; `uid` tells it from all others. */
export function takeEpoch(store: Store, name: string, uid: string): Promise<Epoch> {
  const key: Key = { resource, namespace: '', name };
  const object: KubeObject = { metadata: { name, uid } };
  return store.commit({
    keys: [key],
    decide: (view) => ({
      outcome: 'write',
      writes: [{ type: view.get(key) === undefined ? 'create' : 'update', key, object }],
      answer: () => ({ key, uid }),
    }),
  });
}

/**
 * The epoch of one session of these workers. It begins with the session's first write, unless the last one was this
 * process's too (`uid`); a session that is overtaken does not begin another.
 */
export function sessionEpoch(store: Store, name: string, uid: string): () => Promise<Epoch> {
  const key: Key = { resource, namespace: '', name };
  let begun: Promise<Epoch> | undefined;
  return () => {
    const isOurs = store.view().get(key)?.object.metadata.uid === uid;
    begun ??= isOurs ? Promise.resolve({ key, uid }) : takeEpoch(store, name, uid);
    return begun;
  };
}

/** The same operation, refused with `EpochOver` once another epoch has begun. */
export function inEpoch<T>(operation: Operation<T>, { key, uid }: Epoch): Operation<T> {
  return {
    ...operation,
    keys: [...operation.keys, key],
    decide(view) {
      if (view.get(key)?.object.metadata.uid === uid) return operation.decide(view);
      return { outcome: 'refuse', error: new EpochOver(`another worker has taken over as ${key.name}`) };
    },
  };
}
