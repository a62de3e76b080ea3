/**
 * Empties namespaces that are being deleted, pods first, and lets them go when nothing is left.
 * Source: pkg/controller/namespace/deletion/namespaced_resources_deleter.go.
 */
import { userNameOf } from '../../kube/controller-role.ts';
import { copy } from '../../kube/copy.ts';
import { deepEqual } from '../../kube/equality.ts';
import type { Namespace } from '../../kube/generated/types.ts';
import { isTerminating, nameOf } from '../../kube/object.ts';
import type { ResourceType } from '../../kube/resource-type.ts';
import { groupResource, namespaces, pods } from '../../kube/resource-type.ts';
import { hasReason, isNotFound, StatusError } from '../../kube/status-error.ts';
import type { Cache, Controller, ReconcileContext, ReconcileResult } from '../../workers/controller.ts';
import { again, settled } from '../../workers/controller.ts';
import { namesOf } from '../shared/pod-requests.ts';
import { remove } from '../shared/removal.ts';
import type { ResourceTypes } from '../shared/resource-types.ts';
import type { Remaining } from './conditions.ts';
import { terminatingStatus } from './conditions.ts';
import { namespaceWatches } from './watches.ts';
import { namespaceRole } from './role.ts';

const finalizer = 'kubernetes';
/** How soon to check again if the deletion of an object does not wake the controller before. */
const checkAgainSeconds = 5;

export function createNamespaceController(resourceTypes: ResourceTypes): Controller {
  return {
    name: 'namespace',
    actsAs: userNameOf(namespaceRole),
    watches: namespaceWatches,
    all: (cache) => namesOf(cache.list(namespaces)),
    async reconcile(request, context) {
      const namespace = context.cache.get(namespaces, request);
      if (namespace === undefined || !isTerminating(namespace)) return settled;
      const namespaced = resourceTypes().filter((type) => type.namespaced);
      return deleteContent(namespace, namespaced, context);
    },
  };
}

async function deleteContent(namespace: Namespace, types: readonly ResourceType[], context: ReconcileContext): Promise<ReconcileResult> {
  if ((namespace.spec?.finalizers ?? []).length === 0) {
    await remove(namespaces, namespace, context);
    return settled;
  }
  const isPods = (type: ResourceType): boolean => groupResource(type) === groupResource(pods);
  const failures = await deleteAll(nameOf(namespace), types.filter(isPods), context);
  const podsRemain = remainingIn(namespace, types.filter(isPods), context.cache).length > 0;
  // A pod that is shutting down may still need its ConfigMaps, its Secrets and its Services.
  if (!podsRemain)
    failures.push(
      ...(await deleteAll(
        nameOf(namespace),
        types.filter((type) => !isPods(type)),
        context,
      )),
    );

  const remaining = remainingIn(namespace, types, context.cache);
  const current = await writeStatus(namespace, remaining, failures, context);
  const [failure] = failures;
  if (failure !== undefined) throw failure;
  if (remaining.length > 0) return again(checkAgainSeconds);
  await finalize(current, context);
  return settled;
}

async function deleteAll(namespace: string, types: readonly ResourceType[], { cache, client }: ReconcileContext): Promise<Error[]> {
  const failures: Error[] = [];
  for (const type of types) {
    if (cache.list(type, namespace).every(isTerminating) && cache.unreadable(type, namespace).length === 0) continue;
    try {
      await client.deleteCollection(type, { namespace }, { propagationPolicy: 'Background' });
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      if (!isNotFound(error) && !hasReason(error, 'MethodNotAllowed')) failures.push(error);
    }
  }
  return failures;
}

function remainingIn(namespace: Namespace, types: readonly ResourceType[], cache: Cache): Remaining[] {
  return types.map((type) => ({ type, objects: cache.list(type, nameOf(namespace)) })).filter(({ objects }) => objects.length > 0);
}

async function writeStatus(
  namespace: Namespace,
  remaining: readonly Remaining[],
  failures: readonly Error[],
  { client, clock }: ReconcileContext,
): Promise<Namespace> {
  const status = terminatingStatus(namespace, remaining, failures, clock.now());
  if (deepEqual(status, namespace.status)) return namespace;
  return client.update(namespaces, { ...copy(namespace), status }, 'status');
}

async function finalize(namespace: Namespace, context: ReconcileContext): Promise<void> {
  const next = copy(namespace);
  const finalizers = (namespace.spec?.finalizers ?? []).filter((name) => name !== finalizer);
  try {
    const finalized = await context.client.update(namespaces, { ...next, spec: { ...next.spec, finalizers } }, 'finalize');
    if (finalizers.length === 0) await remove(namespaces, finalized, context);
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}
