/**
 * Which objects a controller counts as its own: it adopts orphans that its selector matches, and releases its own that
 * no longer match. Source: pkg/controller/controller_ref_manager.go.
 */
import type { KubeObject } from '../../kube/object.ts';
import { isTerminating, labelsOf, nameOf, namespaceOf, uidOf } from '../../kube/object.ts';
import type { Requirement } from '../../kube/labels.ts';
import { matchesLabels } from '../../kube/labels.ts';
import { controllerReference } from '../../kube/owners.ts';
import type { ResourceType } from '../../kube/resource-type.ts';
import { hasReason, isNotFound } from '../../kube/status-error.ts';
import type { ReconcileContext } from '../../workers/controller.ts';

export interface Claimant {
  readonly object: KubeObject;
  readonly type: ResourceType;
  readonly selector: readonly Requirement[];
  /** What adopted objects get, and released ones lose. */
  readonly finalizers?: readonly string[];
}

/** The objects of `type` that belong to the claimant, in key order. Those that `isWanted` refuses are left alone. */
export async function claimObjects<T extends KubeObject>(
  claimant: Claimant,
  type: ResourceType<T>,
  context: ReconcileContext,
  isWanted: (object: T) => boolean = () => true,
): Promise<T[]> {
  const { object: owner, selector } = claimant;
  const matches = (object: T): boolean => matchesLabels(selector, labelsOf(object));
  const own = context.cache.controlledBy(type, uidOf(owner)).filter((object) => isWanted(object));
  const claimed = own.filter(matches);
  if (isTerminating(owner)) return claimed;
  for (const object of own) if (!matches(object)) await release(claimant, type, object, context);

  const orphans = context.cache
    .controlledBy(type, '')
    .filter((object) => namespaceOf(object) === namespaceOf(owner) && !isTerminating(object) && matches(object) && isWanted(object));
  if (orphans.length === 0) return claimed;
  await assertMayAdopt(claimant, context);
  for (const orphan of orphans) {
    const adopted = await adopt(claimant, type, orphan, context);
    if (adopted !== undefined) claimed.push(adopted);
  }
  return claimed;
}

/** A claimant that was deleted meanwhile must not adopt: its orphans were orphaned on purpose. */
async function assertMayAdopt({ object: owner, type }: Claimant, { client }: ReconcileContext): Promise<void> {
  const place = `${namespaceOf(owner)}/${nameOf(owner)}`;
  const current = await client.get(type, { namespace: namespaceOf(owner), name: nameOf(owner) });
  if (uidOf(current) !== uidOf(owner))
    throw new Error(`original ${type.kind} ${place} is gone: got uid ${uidOf(current)}, wanted ${uidOf(owner)}`);
  if (isTerminating(current)) throw new Error(`${place} has just been deleted at ${current.metadata.deletionTimestamp}`);
}

async function adopt<T extends KubeObject>(
  { object: owner, type: ownerType, finalizers = [] }: Claimant,
  type: ResourceType<T>,
  orphan: T,
  { client }: ReconcileContext,
): Promise<T | undefined> {
  const ownerReferences = [...(orphan.metadata.ownerReferences ?? []), controllerReference(ownerType, owner)];
  try {
    return await client.patch(type, placeOf(orphan), patchOf(orphan, ownerReferences, withAll(orphan, finalizers)));
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

async function release<T extends KubeObject>(
  { object: owner, finalizers = [] }: Claimant,
  type: ResourceType<T>,
  object: T,
  { client }: ReconcileContext,
): Promise<void> {
  const ownerReferences = (object.metadata.ownerReferences ?? []).filter(({ uid }) => uid !== uidOf(owner));
  try {
    const left = (object.metadata.finalizers ?? []).filter((finalizer) => !finalizers.includes(finalizer));
    await client.patch(type, placeOf(object), patchOf(object, ownerReferences, left));
  } catch (error) {
    // Gone, or another object has its name: either way nothing is left to release.
    if (!isNotFound(error) && !hasReason(error, 'Invalid')) throw error;
  }
}

const placeOf = (object: KubeObject): { namespace: string; name: string } => ({ namespace: namespaceOf(object), name: nameOf(object) });

const withAll = (object: KubeObject, finalizers: readonly string[]): string[] => [
  ...new Set([...(object.metadata.finalizers ?? []), ...finalizers]),
];

/** The uid and the version make sure that it is still the object that the decision was about. */
const patchOf = (object: KubeObject, ownerReferences: unknown[], finalizers: readonly string[]): unknown => ({
  metadata: {
    uid: uidOf(object),
    resourceVersion: object.metadata.resourceVersion,
    ownerReferences,
    ...(finalizers.length !== (object.metadata.finalizers ?? []).length && { finalizers }),
  },
});
