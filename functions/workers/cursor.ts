/**
 * What a worker remembers between two runs: how far it has read the log, and what it must reconcile again and when.
 * Losing it costs a full resync and nothing else. It is kept in the store itself, under a resource that the API does
 * not serve.
 */
import { deepEqual } from '../kube/equality.ts';
import { keyText, type KubeObject } from '../kube/object.ts';
import { readObject } from '../kube/unreadable-object.ts';
import type { Key, View } from '../kube/view.ts';
import type { Store } from '../store/store.ts';
import type { Pending } from './work-queue.ts';

export interface Cursor {
  /** Another version of the code knows nothing of the past and reconciles everything. */
  readonly codeVersion: string;
  /** Every change up to here was taken in. */
  readonly revision: number;
  /** Absent in those of earlier versions. */
  readonly savedAtMs?: number;
  readonly controllers: Readonly<Record<string, ControllerCursor>>;
}

export interface ControllerCursor {
  /** When everything was last put into the queue. */
  readonly resyncedAtMs: number;
  readonly pending: readonly Pending[];
}

/**
 * Whether nothing differs but that what was planned is planned for later. A run that takes up the earlier plan reconciles
 * once more than needed, and finds the same: a reconcile that finds nothing is not written down.
 */
export function isOnlyLater(before: Cursor['controllers'], after: Cursor['controllers']): boolean {
  const names = Object.keys(after);
  if (names.length !== Object.keys(before).length) return false;
  return names.every((name) => {
    const [from, to] = [before[name], after[name]];
    return from !== undefined && to !== undefined && from.resyncedAtMs === to.resyncedAtMs && areOnlyLater(from.pending, to.pending);
  });
}

function areOnlyLater(before: readonly Pending[], after: readonly Pending[]): boolean {
  const earlier = new Map(before.map((pending) => [keyText(pending), pending]));
  if (before.length !== after.length) return false;
  return after.every((pending) => {
    const from = earlier.get(keyText(pending));
    return from !== undefined && pending.atMs >= from.atMs && deepEqual({ ...pending, atMs: from.atMs }, from);
  });
}

export interface CursorPort {
  load(): Promise<Cursor | undefined>;
  /** Throws `TakenOver` when another process has loaded and saved the cursor since. */
  save(cursor: Cursor): Promise<void>;
}

/** Another process works for this group now. */
export class TakenOver extends Error {
  override name = 'TakenOver';
}

const resource = 'checkpoints.hibernetes.dev';

/** Objects that the API does not serve, such as cursors and keys: no change of them wakes anybody. */
export const isInternal = (groupResource: string): boolean => groupResource.endsWith('.hibernetes.dev');

interface StoredCursor extends KubeObject {
  /** Grows each time another process takes over. */
  epoch: number;
  /** The cursor, under its name in stored objects. */
  checkpoint: Cursor;
}

/** One that cannot be read counts as lost. */
const cursorIn = (view: View, key: Key): StoredCursor | undefined => readObject(view.get(key)) as StoredCursor | undefined;

/** Saving it was a change too. Where that was the next one it has been taken in. Otherwise an idle run would fall below the compact revision. */
function withItself(cursor: Cursor, savedAt: number | undefined): Cursor {
  return savedAt === cursor.revision + 1 ? { ...cursor, revision: savedAt } : cursor;
}

export function storedCursor(store: Store, group: string): CursorPort {
  const key: Key = { resource, namespace: '', name: group };
  let epoch = -1;
  return {
    async load() {
      const view = await store.fresh();
      const stored = cursorIn(view, key);
      if (stored === undefined) epoch = 0;
      else if (stored.epoch !== epoch) epoch = stored.epoch + 1;
      return stored === undefined ? undefined : withItself(stored.checkpoint, view.get(key)?.revision);
    },
    save: (cursor) =>
      store.commit({
        keys: [key],
        decide(view) {
          const current = cursorIn(view, key);
          if (current !== undefined && current.epoch > epoch)
            return { outcome: 'refuse', error: new TakenOver(`epoch ${epoch} of group ${group} is over`) };
          const object: StoredCursor = {
            apiVersion: 'hibernetes.dev/v1',
            kind: 'Checkpoint',
            metadata: { name: group },
            epoch,
            checkpoint: cursor,
          };
          const type = view.get(key) === undefined ? 'create' : 'update';
          return { outcome: 'write', writes: [{ type, key, object }], answer: () => undefined };
        },
      }),
  };
}
