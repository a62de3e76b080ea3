/** What may wake the garbage collector, as far as a change alone tells. */
import { isTerminating } from '../../kube/object.ts';
import { groupResource, leases } from '../../kube/resource-type.ts';
import type { Change } from '../../store/store.ts';
import type { Watch } from '../../workers/controller.ts';
import { isCandidate } from './graph.ts';

/**
 * A Lease that is renewed has the owners that it had. Judging each heartbeat of each node would never let the
 * controllers sleep; should its owner go, that is news enough.
 */
export const isHeartbeat = ({ type, key, object }: Change): boolean =>
  type === 'modified' && key.resource === groupResource(leases) && !isTerminating(object);

/** Of resources of which there is no list: what may be owned, and what may have been waited for. For who only wants to know whether to ring. */
export const watchesOfAnyOwner: readonly Watch[] = [
  {
    type: 'everything',
    requests: (change) => (!isHeartbeat(change) && (change.type === 'deleted' || isCandidate(change.object)) ? [change.key] : []),
  },
];
