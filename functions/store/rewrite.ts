/**
 * Rewrites the objects that have an older format or cluster key than the store, some in each round of housekeeping.
 * Any process may do it, any number at once, and any may die: what is left shows in the objects themselves.
 */
import type { Key, Stored } from '../kube/view.ts';
import type { Log } from '../world.ts';
import type { Committer } from './committer.ts';
import type { Formats } from './format.ts';
import type { Replica } from './replica.ts';
import type { Operation } from './store.ts';
import { StoredObject } from './stored-object.ts';

interface RewriteParts {
  readonly replica: Replica;
  readonly committer: Committer;
  readonly formats: Formats;
  readonly log: Log;
}

/** In one round; the next one goes on. */
const rewritesMax = 4096;
/** So many are asked for together; other writers come in between. */
const rewritesAtOnce = 64;

/** Objects whose body has an older format than the store writes, or is sealed with a key that was replaced. */
export function oldObjects(replica: Replica, formats: Formats): readonly Stored[] {
  const { writes, oldest } = replica.format;
  return replica.resources().flatMap((resource) => {
    if (oldest === writes && !formats.isSealed(resource, writes)) return [];
    return [...replica.objects(resource).values()].filter((stored) => isOld(stored, formats, writes));
  });
}

/** One that cannot be read stays as it is. */
const isOld = (stored: Stored, formats: Formats, writes: number): boolean =>
  stored instanceof StoredObject && stored.damage === undefined && formats.isOld(stored.key.resource, writes, stored);

export async function rewriteOld({ replica, committer, formats, log }: RewriteParts): Promise<void> {
  const { writes } = replica.format;
  const old = oldObjects(replica, formats);
  /** The others are rewritten nevertheless; the store is not settled while one is left. */
  const leave = (key: Key) => (error: unknown) => {
    if (!(error instanceof Error)) throw error;
    log.error('an object could not be rewritten in the format of the store', { ...key, writes, error });
  };
  for (let first = 0; first < Math.min(old.length, rewritesMax); first += rewritesAtOnce) {
    const some = old.slice(first, first + rewritesAtOnce);
    await Promise.all(some.map(({ key }) => committer.commit(rewriting(key, formats, writes)).catch(leave(key))));
  }
  if (replica.format.oldest < writes && oldObjects(replica, formats).length === 0)
    await committer.appendMark(() => settledMark(replica, formats));
}

function rewriting(key: Key, formats: Formats, writes: number): Operation<undefined> {
  return {
    keys: [key],
    decide(view) {
      const current = view.get(key);
      if (current === undefined || !isOld(current, formats, writes)) return { outcome: 'answer', answer: undefined };
      return { outcome: 'write', writes: [{ type: 'rewrite', key }], answer: () => undefined };
    },
  };
}

/** Once nothing above the compact revision has the older format either: no process begins below it. */
function settledMark(replica: Replica, formats: Formats) {
  const { writes, oldest } = replica.format;
  const isBehind = replica.compactRevision >= replica.formatRevision && oldObjects(replica, formats).length === 0;
  if (oldest === writes || !isBehind) return undefined;
  return { type: 'format', format: formats.stateOf(writes, writes) } as const;
}
