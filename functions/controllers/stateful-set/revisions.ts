/**
 * The template that a StatefulSet has now, and the one from which it is rolling away, as ControllerRevisions.
 * Source: pkg/controller/statefulset/stateful_set_control.go, getStatefulSetRevisions and truncateHistory.
 */
import { copy } from '../../kube/copy.ts';
import type { ControllerRevision, Pod, PodTemplateSpec, StatefulSet } from '../../kube/generated/types.ts';
import { nameOf, namespaceOf } from '../../kube/object.ts';
import { controllerRevisions, statefulSets } from '../../kube/resource-type.ts';
import { isAlreadyExists } from '../../kube/status-error.ts';
import type { ReconcileContext } from '../../workers/controller.ts';
import { remove } from '../shared/removal.ts';
import { byRevision, hashOfTemplate, hasTemplate, maxRevision, newRevision, numberOf, templateOf } from '../shared/revisions.ts';
import type { Revisioned } from './identity.ts';
import { podRevision } from './identity.ts';

const hashLabel = 'controller.kubernetes.io/hash';
const historyLimitDefault = 10;
/** Names tried in one reconcile before it fails and is retried. */
const collisionsMax = 10;

export interface Revisions {
  /** What pods below the partition, and those not yet updated, are made from. */
  readonly current: Revisioned;
  readonly update: Revisioned;
  readonly collisionCount: number;
}

const revisioned = (revision: ControllerRevision, fallback: PodTemplateSpec): Revisioned => ({
  revision: nameOf(revision),
  template: templateOf(revision) ?? fallback,
});

/** `known`: the set's revisions. One may be added, or get a new number when the set goes back to it. */
export async function revisionsOf(set: StatefulSet, known: readonly ControllerRevision[], context: ReconcileContext): Promise<Revisions> {
  const { template } = set.spec;
  const sorted = [...known].sort(byRevision);
  const same = sorted.filter((revision) => hasTemplate(revision, template)).at(-1);
  const { revision: update, collisionCount } =
    same === undefined
      ? await createRevision(set, maxRevision(sorted) + 1, context)
      : { revision: await asNewest(same, sorted, context), collisionCount: set.status?.collisionCount ?? 0 };
  const current = sorted.find((revision) => nameOf(revision) === set.status?.currentRevision) ?? update;
  return { current: revisioned(current, template), update: { revision: nameOf(update), template }, collisionCount };
}

async function asNewest(
  revision: ControllerRevision,
  sorted: readonly ControllerRevision[],
  { client }: ReconcileContext,
): Promise<ControllerRevision> {
  const newest = sorted.at(-1);
  if (newest === undefined || newest === revision || numberOf(newest) < numberOf(revision)) return revision;
  return client.update(controllerRevisions, { ...copy(revision), revision: maxRevision(sorted) + 1 });
}

async function createRevision(
  set: StatefulSet,
  number: number,
  { client }: ReconcileContext,
): Promise<{ revision: ControllerRevision; collisionCount: number }> {
  const { template } = set.spec;
  const first = set.status?.collisionCount ?? 0;
  for (let collisionCount = first; collisionCount < first + collisionsMax; collisionCount += 1) {
    const hash = hashOfTemplate(template, collisionCount);
    const revision = newRevision({ owner: set, ownerType: statefulSets, template, revision: number, hash, hashLabel });
    try {
      return { revision: await client.create(controllerRevisions, revision), collisionCount };
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
    }
    const found = await client.get(controllerRevisions, { namespace: namespaceOf(set), name: nameOf(revision) });
    if (hasTemplate(found, template)) return { revision: found, collisionCount };
  }
  throw new Error(`${collisionsMax} names of revisions of StatefulSet ${namespaceOf(set)}/${nameOf(set)} are taken`);
}

/** The oldest beyond the limit go, but for those in use. */
export async function truncateHistory(
  set: StatefulSet,
  known: readonly ControllerRevision[],
  live: { readonly pods: readonly Pod[]; readonly revisions: readonly Revisioned[] },
  context: ReconcileContext,
): Promise<void> {
  const names = new Set([...live.revisions.map(({ revision }) => revision), ...live.pods.map(podRevision)]);
  const unused = [...known].sort(byRevision).filter((revision) => !names.has(nameOf(revision)));
  const surplus = Math.max(0, unused.length - (set.spec.revisionHistoryLimit ?? historyLimitDefault));
  for (const revision of unused.slice(0, surplus)) await remove(controllerRevisions, revision, context);
}
