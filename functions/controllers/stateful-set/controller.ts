/** Keeps the pods of a StatefulSet: each with a name and claims of its own, made and replaced in order. Source: pkg/controller/statefulset. */
import { copy } from '../../kube/copy.ts';
import { deepEqual } from '../../kube/equality.ts';
import type { PersistentVolumeClaim, StatefulSet } from '../../kube/generated/types.ts';
import type { Requirement } from '../../kube/labels.ts';
import { requirementsOf } from '../../kube/labels.ts';
import type { ObjectName } from '../../kube/object.ts';
import { isTerminating, nameOf, namespaceOf, uidOf } from '../../kube/object.ts';
import { controllerRevisions, persistentVolumeClaims, pods, statefulSets } from '../../kube/resource-type.ts';
import type { Change } from '../../store/store.ts';
import type { Cache, Controller, ReconcileContext, ReconcileResult } from '../../workers/controller.ts';
import { again, settled, watch } from '../../workers/controller.ts';
import type { Claimant } from '../shared/claim.ts';
import { claimObjects } from '../shared/claim.ts';
import { namesOf, watchItself, watchPodsOf } from '../shared/pod-requests.ts';
import { availableInMs } from '../shared/replicas.ts';
import { isMember } from './identity.ts';
import { updateReplicas } from './replicas.ts';
import { revisionsOf, truncateHistory } from './revisions.ts';
import { statefulSetStatus } from './status.ts';

const selectorOfSet = ({ spec }: StatefulSet): Requirement[] => requirementsOf(spec.selector);

export const statefulSetController: Controller = {
  name: 'stateful-set',
  actsAs: 'system:serviceaccount:kube-system:statefulset-controller',
  component: 'statefulset-controller',
  watches: [
    watchItself(statefulSets),
    watchPodsOf(statefulSets, selectorOfSet),
    watch<PersistentVolumeClaim>(persistentVolumeClaims, setsThatMissClaim),
  ],
  all: (cache) => namesOf(cache.list(statefulSets)),
  async reconcile(request, context) {
    const set = context.cache.get(statefulSets, request);
    return set === undefined ? settled : reconcileStatefulSet(set, context);
  },
};

/** A pod may have waited for the end of a claim of its name. */
function setsThatMissClaim({ type, object }: Change<PersistentVolumeClaim>, cache: Cache): ObjectName[] {
  if (type !== 'deleted') return [];
  const name = nameOf(object);
  const isOf = (set: StatefulSet): boolean =>
    (set.spec.volumeClaimTemplates ?? []).some((template) => {
      const prefix = `${nameOf(template)}-${nameOf(set)}-`;
      return name.startsWith(prefix) && /^\d+$/.test(name.slice(prefix.length));
    });
  return namesOf(cache.list(statefulSets, namespaceOf(object)).filter(isOf));
}

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
