/** Deleting an object that others may delete at the same time. */
import type { DeleteOptions } from '../../client/client.ts';
import type { KubeObject } from '../../kube/object.ts';
import { nameOf, namespaceOf, uidOf } from '../../kube/object.ts';
import type { ResourceType } from '../../kube/resource-type.ts';
import { isNotFound } from '../../kube/status-error.ts';
import type { ReconcileContext } from '../../workers/controller.ts';

/** This very object, not a namesake. It may be gone already. */
export async function remove<T extends KubeObject>(
  type: ResourceType<T>,
  object: T,
  { client }: Pick<ReconcileContext, 'client'>,
  options: DeleteOptions = {},
): Promise<void> {
  try {
    const preconditions = { uid: uidOf(object), ...options.preconditions };
    await client.delete(type, { namespace: namespaceOf(object), name: nameOf(object) }, { ...options, preconditions });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}
