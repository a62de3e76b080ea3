/** What wakes the controller of namespaces. */
import { isTerminating } from '../../kube/object.ts';
import { namespaces } from '../../kube/resource-type.ts';
import type { Cache, Watch } from '../../workers/controller.ts';
import { watchItself } from '../shared/pod-requests.ts';

export const namespaceWatches: readonly Watch[] = [
  watchItself(namespaces),
  {
    type: 'everything',
    // The last object to go lets the namespace go.
    requests: ({ type, key }, cache) =>
      type === 'deleted' && isNamespaceTerminating(key.namespace, cache) ? [{ namespace: '', name: key.namespace }] : [],
  },
];

function isNamespaceTerminating(name: string, cache: Cache): boolean {
  const namespace = name === '' ? undefined : cache.get(namespaces, { namespace: '', name });
  return namespace !== undefined && isTerminating(namespace);
}
