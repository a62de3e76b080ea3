/**
 * Deletes the objects of a custom kind that is going away, then lets its definition go; and asks for names again once
 * the definition that held them is gone. Source: apiextensions-apiserver, pkg/controller/{finalizer,status}.
 */
import { userNameOf } from '../../kube/controller-role.ts';
import { copy } from '../../kube/copy.ts';
import { deepEqual } from '../../kube/equality.ts';
import type { CustomResourceDefinition } from '../../kube/generated/types.ts';
import { isTerminating, namespaceOf } from '../../kube/object.ts';
import { customResourceDefinitions, type ResourceType } from '../../kube/resource-type.ts';
import { isNotFound } from '../../kube/status-error.ts';
import { acceptNames, cleanupFinalizer, isEstablished, setCondition } from '../../kube/custom-resource-names.ts';
import type { Controller, ReconcileContext, ReconcileResult } from '../../workers/controller.ts';
import { again, settled } from '../../workers/controller.ts';
import { namesOf } from '../shared/pod-requests.ts';
import { customResourceDefinitionWatches } from './watches.ts';
import { customResourceDefinitionRole } from './role.ts';

/** How soon to list again the objects that have finalizers of their own. */
const listAgainSeconds = 5;

export const customResourceDefinitionController: Controller = {
  name: 'custom-resource-definition',
  actsAs: userNameOf(customResourceDefinitionRole),
  watches: customResourceDefinitionWatches,
  all: (cache) => namesOf(cache.list(customResourceDefinitions)),
  async reconcile(request, context) {
    const crd = context.cache.get(customResourceDefinitions, request);
    if (crd === undefined) return settled;
    return isTerminating(crd) ? cleanUp(crd, context) : claimNames(crd, context);
  },
};

async function claimNames(crd: CustomResourceDefinition, { cache, client, clock }: ReconcileContext): Promise<ReconcileResult> {
  const next = copy(crd);
  acceptNames(next, cache.list(customResourceDefinitions), clock.now());
  // The server decides at the commit point; this only makes it decide again.
  if (!deepEqual(next.status, crd.status)) await client.update(customResourceDefinitions, next, 'status');
  return settled;
}

async function cleanUp(crd: CustomResourceDefinition, context: ReconcileContext): Promise<ReconcileResult> {
  if (!(crd.metadata.finalizers ?? []).includes(cleanupFinalizer)) return settled;
  const { cache, client } = context;
  const next = copy(crd);
  if (isEstablished(crd)) {
    const type = typeOf(crd);
    await deleteAll(type, context);
    if (cache.list(type).length > 0) return again(listAgainSeconds);
    setCondition(
      next,
      { type: 'Terminating', status: 'False', reason: 'InstanceDeletionCompleted', message: 'removed all instances' },
      context.clock.now(),
    );
  }
  next.metadata.finalizers = (next.metadata.finalizers ?? []).filter((name) => name !== cleanupFinalizer);
  try {
    await client.update(customResourceDefinitions, next);
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
  return settled;
}

function typeOf({ spec, status }: CustomResourceDefinition): ResourceType {
  const { plural, kind } = status?.acceptedNames ?? spec.names;
  const version =
    (spec.versions.find(({ served, storage }) => served && storage) ?? spec.versions.find(({ served }) => served))?.name ?? '';
  return { group: spec.group, version, resource: plural, kind, namespaced: spec.scope === 'Namespaced' };
}

async function deleteAll(type: ResourceType, { cache, client }: ReconcileContext): Promise<void> {
  const objects = cache.list(type).filter((object) => !isTerminating(object));
  for (const namespace of new Set(objects.map(namespaceOf))) {
    try {
      await client.deleteCollection(type, { namespace });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
}
