/** Steps of a coarser level: of every stretch of time one step, with what it left of each object. */
import type { ArchivedChange, Step } from './step.ts';

/** Neighbouring steps of the same `bucketMs` become one, at the place of the last. */
export function thinned(steps: readonly Step[], bucketMs: number): Step[] {
  const thin: Step[] = [];
  let bucket: Step[] = [];
  const close = (): void => {
    const last = bucket.at(-1);
    if (last !== undefined) thin.push({ place: last.place, changes: netChanges(bucket.flatMap(({ changes }) => changes)) });
    bucket = [];
  };
  for (const step of steps) {
    const first = bucket[0];
    if (first !== undefined && bucketOf(step, bucketMs) !== bucketOf(first, bucketMs)) close();
    bucket.push(step);
  }
  close();
  return thin;
}

const bucketOf = ({ place }: Step, bucketMs: number): number => Math.floor(place.timeMs / bucketMs);

/**
 * What is left of changes in a row: the last one of each object. An object that came and went leaves nothing; one that went
 * and came again under its name leaves both, since it is another.
 */
export function netChanges(changes: readonly ArchivedChange[]): ArchivedChange[] {
  const byKey = new Map<string, ArchivedChange[]>();
  for (const change of changes) {
    const { resource, namespace, name } = change.key;
    const text = JSON.stringify([resource, namespace, name]);
    byKey.set(text, [...(byKey.get(text) ?? []), change]);
  }
  return [...byKey.values()].flatMap(netOf).sort((a, b) => a.revision - b.revision);
}

function netOf(changes: readonly ArchivedChange[]): ArchivedChange[] {
  const [first, last] = [changes[0], changes.at(-1)];
  if (first === undefined || last === undefined) return [];
  const wasThere = first.type !== 'added';
  const went = wasThere ? changes.find(({ type }) => type === 'deleted') : undefined;
  if (last.type === 'deleted') return went === undefined ? [] : [last];
  if (went !== undefined) return [went, { ...last, type: 'added' }];
  return [{ ...last, type: wasThere ? 'modified' : 'added' }];
}
