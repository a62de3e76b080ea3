/**
 * Deletes objects whose owners are all gone, and finishes foreground and orphaning deletions.
 * Source: pkg/controller/garbagecollector/garbagecollector.go.
 *
 *   an owner went        ─▶ its dependents are judged: deleted, or freed of the reference
 *   an owner waits       ─▶ its dependents are deleted; when none blocks it any more, its finalizer goes
 *   an owner lets go     ─▶ its dependents lose the reference; then its finalizer goes
 */
import { userNameOf } from '../../kube/controller-role.ts';
import type { OwnerReference } from '../../kube/generated/types.ts';
import { isTerminating, nameOf, namespaceOf, uidOf } from '../../kube/object.ts';
import { isNotFound } from '../../kube/status-error.ts';
import type { Cache, Controller, ReconcileContext, ReconcileResult } from '../../workers/controller.ts';
import { again, settled } from '../../workers/controller.ts';
import { remove } from '../shared/removal.ts';
import type { ResourceTypes } from '../shared/resource-types.ts';
import type { Item } from './graph.ts';
import {
  foregroundFinalizer,
  orphanFinalizer,
  orphansDependents,
  OwnershipGraph,
  ownerNamespace,
  ownerOf,
  ownersOf,
  waitsForDependents,
} from './graph.ts';
import type { OwnerState } from './verdict.ts';
import { verdictOn } from './verdict.ts';
import { garbageCollectorWatches } from './watches.ts';
import { garbageCollectorRole } from './role.ts';

/** How soon to check again an object that waits for its dependents. */
const checkAgainSeconds = 30;

/** `resourceTypes`: everything that may have owners or own. */
export function createGarbageCollector(resourceTypes: ResourceTypes): Controller {
  const graph = new OwnershipGraph(resourceTypes);
  return {
    name: 'garbage-collector',
    actsAs: userNameOf(garbageCollectorRole),
    component: 'generic-garbage-collector',
    concurrency: 20,
    watches: garbageCollectorWatches(graph),
    all: (cache) => graph.candidates(cache),
    async reconcile(request, context) {
      const item = graph.item(request, context.cache);
      if (item === undefined) return settled;
      if (waitsForDependents(item.object)) return awaitDependents(item, graph, context);
      if (orphansDependents(item.object)) await orphan(item, graph, context);
      else if (!isTerminating(item.object)) await judge(item, graph, context);
      return settled;
    },
  };
}

async function judge(item: Item, graph: OwnershipGraph, context: ReconcileContext): Promise<void> {
  const owners = await Promise.all(
    ownersOf(item.object).map(async (reference) => ({ reference, state: await stateOf(item, reference, graph, context) })),
  );
  for (const { reference, state } of owners)
    if (state !== 'solid' && state !== 'waiting' && graph.isElsewhere(item, reference, context.cache))
      reportElsewhere(item, reference, context);
  const dependents = graph.dependents(uidOf(item.object), context.cache);
  const verdict = verdictOn(item.object, owners, {
    any: dependents.length > 0,
    waiting: dependents.some(({ object }) => waitsForDependents(object)),
  });
  switch (verdict.verdict) {
    case 'keep':
      return;
    case 'forget':
      await setOwners(item, verdict.ownerReferences, context);
      for (const owner of waitingOwners(item, graph, context.cache)) await awaitDependents(owner, graph, context);
      return;
    case 'delete':
      if (verdict.unblock) await setOwners(item, ownersOf(item.object).map(withoutBlocking), context);
      return remove(item.type, item.object, context, { propagationPolicy: verdict.propagationPolicy });
  }
}

/** Source: graph_builder.go, reportInvalidNamespaceOwnerRef. */
function reportElsewhere({ object }: Item, { apiVersion, kind, name, uid }: OwnerReference, { events }: ReconcileContext): void {
  const namespace = namespaceOf(object);
  const meant = `[${apiVersion}/${kind}, namespace: ${namespace}, name: ${name}, uid: ${uid}]`;
  events.event(object, 'Warning', 'OwnerRefInvalidNamespace', `ownerRef ${meant} does not exist in namespace ${JSON.stringify(namespace)}`);
}

function waitingOwners(item: Item, graph: OwnershipGraph, cache: Cache): Item[] {
  const owners = ownersOf(item.object).flatMap((reference) => ownerOf(item, reference, graph, cache) ?? []);
  return owners.filter(({ object }) => waitsForDependents(object));
}

const withoutBlocking = (reference: OwnerReference): OwnerReference => ({ ...reference, blockOwnerDeletion: false });

async function stateOf(
  item: Item,
  reference: OwnerReference,
  graph: OwnershipGraph,
  { cache, client }: ReconcileContext,
): Promise<OwnerState> {
  const cached = ownerOf(item, reference, graph, cache);
  if (cached !== undefined) return waitsForDependents(cached.object) ? 'waiting' : 'solid';
  const type = graph.typeOf(reference);
  // A kind that is not served, and an owner in no namespace that could be meant: better to keep too much.
  if (type === undefined || (type.namespaced && namespaceOf(item.object) === '')) return 'unknown';
  try {
    // Asked once more, where it counts: a deletion cannot be taken back.
    const owner = await client.get(type, { namespace: ownerNamespace(item.object, type), name: reference.name });
    if (uidOf(owner) !== reference.uid) return 'absent';
    return waitsForDependents(owner) ? 'waiting' : 'solid';
  } catch (error) {
    if (isNotFound(error)) return 'absent';
    throw error;
  }
}

async function orphan(item: Item, graph: OwnershipGraph, context: ReconcileContext): Promise<void> {
  const uid = uidOf(item.object);
  for (const dependent of graph.dependents(uid, context.cache))
    await setOwners(
      dependent,
      ownersOf(dependent.object).filter((reference) => reference.uid !== uid),
      context,
    );
  await removeFinalizer(item, orphanFinalizer, context);
}

/** Its dependents were asked to go when it was; only those that block it count. */
async function awaitDependents(item: Item, graph: OwnershipGraph, context: ReconcileContext): Promise<ReconcileResult> {
  const uid = uidOf(item.object);
  const blocks = ({ object }: Item): boolean => ownersOf(object).some((owner) => owner.uid === uid && owner.blockOwnerDeletion === true);
  // A dependent that lost its reference no longer names its owner, so no change would wake this object.
  if (graph.dependents(uid, context.cache).some(blocks)) return again(checkAgainSeconds);
  await removeFinalizer(item, foregroundFinalizer, context);
  return settled;
}

async function setOwners(item: Item, ownerReferences: readonly OwnerReference[], context: ReconcileContext): Promise<void> {
  await patchMetadata(item, { ownerReferences }, context);
}

async function removeFinalizer(item: Item, finalizer: string, context: ReconcileContext): Promise<void> {
  await patchMetadata(item, { finalizers: (item.object.metadata.finalizers ?? []).filter((name) => name !== finalizer) }, context);
}

async function patchMetadata({ type, object }: Item, metadata: object, { client }: ReconcileContext): Promise<void> {
  const { uid, resourceVersion } = object.metadata;
  try {
    await client.patch(type, { namespace: namespaceOf(object), name: nameOf(object) }, { metadata: { uid, resourceVersion, ...metadata } });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}
