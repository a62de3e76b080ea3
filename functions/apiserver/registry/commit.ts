/** Turns a decision of the registry into an operation of the store, and the store's failures into a Status. */
import { StatusError } from '../../kube/status-error.ts';
import type { StoreView } from '../../kube/view.ts';
import { EpochOver, inEpoch } from '../../store/epoch.ts';
import { type Decision, type Operation, StoreError } from '../../store/store.ts';
import type { Server } from '../server.ts';
import { KindChanged } from './kind-changed.ts';
import { statusErrorOf } from './store-errors.ts';

/** A StatusError that `decide` throws refuses the operation, once the view is known to be fresh. */
export function commit<T>(server: Server, operation: Operation<T>): Promise<T> {
  const decide = (view: StoreView): Decision<T> => {
    if (server.isServed?.(view) === false) return { outcome: 'refuse', error: new KindChanged() };
    try {
      return operation.decide(view);
    } catch (error) {
      if (error instanceof StatusError) return { outcome: 'refuse', error };
      throw error;
    }
  };
  const guarded = { ...operation, decide };
  const { store, epoch } = server;
  return fromStore(async () => store.commit(epoch === undefined ? guarded : inEpoch(guarded, await epoch())));
}

/** Runs a call of the store. */
export async function fromStore<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof StoreError) throw statusErrorOf(error);
    // Not a conflict: callers pass over those, and what was refused here has still to be done.
    if (error instanceof EpochOver) throw new StatusError(409, 'EpochOver', error.message, { cause: error });
    throw error;
  }
}
