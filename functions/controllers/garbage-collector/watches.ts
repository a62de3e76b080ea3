/** What wakes the garbage collector. */
import { isTerminating, uidOf } from '../../kube/object.ts';
import { groupResource, leases } from '../../kube/resource-type.ts';
import type { Change } from '../../store/store.ts';
import type { Cache, Watch } from '../../workers/controller.ts';
import { isCandidate, type OwnershipGraph, ownerOf, ownersOf, waitsForDependents } from './graph.ts';

/**
 * A Lease that is renewed has the owners that it had. Judging each heartbeat of each node would never let the
 * controllers sleep; should its owner go, that is news enough.
 */
const isHeartbeat = ({ type, key, object }: Change): boolean =>
  type === 'modified' && key.resource === groupResource(leases) && !isTerminating(object);

export const garbageCollectorWatches = (graph: OwnershipGraph): readonly Watch[] => [
  { type: 'everything', requests: (change, cache) => requestsFor(change, graph, cache) },
];

function* requestsFor(change: Change, graph: OwnershipGraph, cache: Cache): Iterable<ReturnType<OwnershipGraph['request']>> {
  const { type, key, object } = change;
  if (!graph.knows(key) || isHeartbeat(change)) return;
  if (type !== 'deleted' && isCandidate(object)) yield graph.request(key);
  // An owner that waits for this object may be done waiting.
  for (const reference of ownersOf(object)) {
    const owner = ownerOf({ object }, reference, graph, cache);
    if (owner !== undefined && waitsForDependents(owner.object)) yield graph.requestOf(owner);
  }
  if (type === 'deleted' || waitsForDependents(object))
    for (const dependent of graph.dependents(uidOf(object), cache)) yield graph.requestOf(dependent);
}

/** Watches all resources, for a doorbell that knows no list of them. It wakes for deletions and for objects with owners. */
export const watchesOfAnyOwner: readonly Watch[] = [
  {
    type: 'everything',
    requests: (change) => (!isHeartbeat(change) && (change.type === 'deleted' || isCandidate(change.object)) ? [change.key] : []),
  },
];
