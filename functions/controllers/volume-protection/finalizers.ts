/** The finalizer that keeps an object for as long as it is used. Source: pkg/util/slice; component-helpers, storage/volume. */
import { copy } from '../../kube/copy.ts';
import type { KubeObject } from '../../kube/object.ts';
import { isTerminating } from '../../kube/object.ts';
import type { ResourceType } from '../../kube/resource-type.ts';
import { isNotFound } from '../../kube/status-error.ts';
import type { ReconcileContext } from '../../workers/controller.ts';

interface Protected<T extends KubeObject> {
  readonly type: ResourceType<T>;
  readonly object: T;
  readonly finalizer: string;
  readonly isUsed: boolean;
}

/** Objects older than the admission plug-in get theirs here. */
export async function protect<T extends KubeObject>(
  { type, object, finalizer, isUsed }: Protected<T>,
  { cache, client }: ReconcileContext,
): Promise<void> {
  const { namespace = '', name = '' } = object.metadata;
  // It may have been written to since.
  const current = cache.get(type, { namespace, name }) ?? object;
  const finalizers = current.metadata.finalizers ?? [];
  const has = finalizers.includes(finalizer);
  if (isTerminating(current) ? !has || isUsed : has) return;
  const next = copy(current);
  next.metadata.finalizers = has ? finalizers.filter((one) => one !== finalizer) : [...finalizers, finalizer];
  try {
    await client.update(type, next);
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}
