/** Keeps the pods of a StatefulSet: each with a name and claims of its own, made and replaced in order. Source: pkg/controller/statefulset. */
import { userNameOf } from '../../kube/controller-role.ts';
import { copy } from '../../kube/copy.ts';
import { deepEqual } from '../../kube/equality.ts';
import type { StatefulSet } from '../../kube/generated/types.ts';
import { isTerminating, uidOf } from '../../kube/object.ts';
import { controllerRevisions, pods, statefulSets } from '../../kube/resource-type.ts';
import type { Controller, ReconcileContext, ReconcileResult } from '../../workers/controller.ts';
import { again, settled } from '../../workers/controller.ts';
import type { Claimant } from '../shared/claim.ts';
import { claimObjects } from '../shared/claim.ts';
import { namesOf } from '../shared/pod-requests.ts';
import { availableInMs } from '../shared/replicas.ts';
import { isMember } from './identity.ts';
import { updateReplicas } from './replicas.ts';
import { revisionsOf, truncateHistory } from './revisions.ts';
import { statefulSetStatus } from './status.ts';
import { selectorOfSet, statefulSetWatches } from './watches.ts';
import { statefulSetRole } from './role.ts';

export const statefulSetController: Controller = {
  name: 'stateful-set',
  actsAs: userNameOf(statefulSetRole),
  component: 'statefulset-controller',
  watches: statefulSetWatches,
  all: (cache) => namesOf(cache.list(statefulSets)),
  async reconcile(request, context) {
    const set = context.cache.get(statefulSets, request);
    return set === undefined ? settled : reconcileStatefulSet(set, context);
  },
};

async function reconcileStatefulSet(set: StatefulSet, context: ReconcileContext): Promise<ReconcileResult> {
  const { cache, client, clock } = context;
  const claimant: Claimant = { object: set, type: statefulSets, selector: selectorOfSet(set) };
  const known = await claimObjects(claimant, controllerRevisions, context);
  const members = await claimObjects(claimant, pods, context, (pod) => isMember(set, pod));
  const revisions = await revisionsOf(set, known, context);

  const failure = isTerminating(set)
    ? undefined
    : await updateReplicas(set, members, revisions, context).then(
        () => undefined,
        (error: unknown) => ({ error }),
      );
  const now = cache.controlledBy(pods, uidOf(set)).filter((pod) => isMember(set, pod));
  const status = statefulSetStatus(set, now, revisions, clock.now());
  if (!deepEqual(status, set.status)) await client.update(statefulSets, { ...copy(set), status }, 'status');
  await truncateHistory(set, known, { pods: now, revisions: [revisions.current, revisions.update] }, context);
  if (failure !== undefined) throw failure.error;

  const waitMs = availableInMs(now, set.spec.minReadySeconds ?? 0, clock.now());
  return waitMs === undefined ? settled : again(waitMs / 1000);
}
