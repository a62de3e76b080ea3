/**
 * The ControllerRevisions of a DaemonSet: one for each template that it had and that still counts.
 * Source: pkg/controller/daemon/update.go, constructHistory, dedupCurHistories, snapshot and cleanupHistory.
 */
import { copy } from '../../kube/copy.ts';
import type { ControllerRevision, DaemonSet } from '../../kube/generated/types.ts';
import { labelsOf, nameOf, namespaceOf } from '../../kube/object.ts';
import { controllerRevisions, daemonSets, pods } from '../../kube/resource-type.ts';
import { isAlreadyExists, type StatusError } from '../../kube/status-error.ts';
import type { ReconcileContext } from '../../workers/controller.ts';
import type { Claimant } from '../shared/claim.ts';
import { claimObjects } from '../shared/claim.ts';
import { remove } from '../shared/removal.ts';
import { byRevision, hashOfTemplate, hasTemplate, maxRevision, newRevision, numberOf, revisionHashLabel } from '../shared/revisions.ts';

const historyLimitDefault = 10;

export interface History {
  /** What the pods of the current template bear as `controller-revision-hash`. */
  readonly hash: string;
  readonly old: readonly ControllerRevision[];
}

export async function constructHistory(set: DaemonSet, claimant: Claimant, context: ReconcileContext): Promise<History> {
  const claimed = await claimObjects(claimant, controllerRevisions, context);
  const revisions: ControllerRevision[] = [];
  for (const revision of claimed) revisions.push(await withHash(revision, context));
  const same = revisions.filter((revision) => hasTemplate(revision, set.spec.template));
  const old = revisions.filter((revision) => !same.includes(revision));
  const next = maxRevision(old) + 1;
  const found = await withoutDuplicates(same, claimant, context);
  if (found === undefined) return { old, hash: hashOf(await createRevision(set, next, context)) };
  if (numberOf(found) < next) await context.client.update(controllerRevisions, { ...copy(found), revision: next });
  return { old, hash: hashOf(found) };
}

const hashOf = (revision: ControllerRevision): string => labelsOf(revision)[revisionHashLabel] ?? '';

/** A revision that was made without the label gets its own name as one, which is unique. */
async function withHash(revision: ControllerRevision, { client }: ReconcileContext): Promise<ControllerRevision> {
  if (labelsOf(revision)[revisionHashLabel] !== undefined) return revision;
  const next = copy(revision);
  next.metadata.labels = { ...next.metadata.labels, [revisionHashLabel]: nameOf(revision) };
  return client.update(controllerRevisions, next);
}

/** Keeps the newest; the pods of the others become the kept one's. */
async function withoutDuplicates(
  same: readonly ControllerRevision[],
  claimant: Claimant,
  context: ReconcileContext,
): Promise<ControllerRevision | undefined> {
  const kept = [...same].sort(byRevision).at(-1);
  if (kept === undefined || same.length === 1) return kept;
  for (const pod of await claimObjects(claimant, pods, context)) {
    if (labelsOf(pod)[revisionHashLabel] === hashOf(kept)) continue;
    const patch = { metadata: { labels: { [revisionHashLabel]: hashOf(kept) } } };
    await context.client.patch(pods, { namespace: namespaceOf(pod), name: nameOf(pod) }, patch);
  }
  for (const revision of same) if (revision !== kept) await remove(controllerRevisions, revision, context);
  return kept;
}

async function createRevision(set: DaemonSet, number: number, context: ReconcileContext): Promise<ControllerRevision> {
  const hash = hashOfTemplate(set.spec.template, set.status?.collisionCount);
  const { template } = set.spec;
  const revision = newRevision({ owner: set, ownerType: daemonSets, template, revision: number, hash, hashLabel: revisionHashLabel });
  try {
    return await context.client.create(controllerRevisions, revision);
  } catch (error) {
    if (isAlreadyExists(error)) return existing(set, revision, error, context);
    throw error;
  }
}

/** Where another template has the name, the next attempt uses another hash. */
async function existing(
  set: DaemonSet,
  revision: ControllerRevision,
  error: StatusError,
  { client }: ReconcileContext,
): Promise<ControllerRevision> {
  const found = await client.get(controllerRevisions, { namespace: namespaceOf(revision), name: nameOf(revision) });
  if (hasTemplate(found, set.spec.template)) return found;
  const next = copy(set);
  if (next.status !== undefined) next.status.collisionCount = (next.status.collisionCount ?? 0) + 1;
  await client.update(daemonSets, next, 'status');
  throw error;
}

/** The oldest beyond the limit go, but for those of which there are pods. */
export async function deleteHistory(
  set: DaemonSet,
  old: readonly ControllerRevision[],
  claimant: Claimant,
  context: ReconcileContext,
): Promise<void> {
  const surplus = old.length - (set.spec.revisionHistoryLimit ?? historyLimitDefault);
  if (surplus <= 0) return;
  const live = new Set((await claimObjects(claimant, pods, context)).map((pod) => labelsOf(pod)[revisionHashLabel]));
  const unused = [...old].sort(byRevision).filter((revision) => !live.has(hashOf(revision)));
  for (const revision of unused.slice(0, surplus)) await remove(controllerRevisions, revision, context);
}
