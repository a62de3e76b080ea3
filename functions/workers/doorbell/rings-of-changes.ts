/**
 * The groups that a change concerns, as far as the change alone shows. The function behind the stream and the timer have no
 * snapshot of the state. They ring where a watch would search the state: once too often rather than once too seldom.
 */
import type { Change } from '../../store/store.ts';
import type { Cache } from '../controller.ts';
import { concernOf, type Watcher } from '../wake.ts';

const unknown = (): never => {
  throw new Error('only the change itself is known');
};

const nothingKnown: Cache = {
  revision: 0,
  get: unknown,
  list: unknown,
  controlledBy: unknown,
  by: unknown,
  since: unknown,
  unreadable: unknown,
};

/** Pure: whether any of the changes may concern any of the controllers. */
export function mayConcern(controllers: readonly Watcher[]): (changes: readonly Change[]) => boolean {
  const concerns = concernOf(controllers);
  return (changes) => changes.some((change) => concerns(change, nothingKnown));
}
