/** What a fork has of a cluster: everything but its nodes, and what lived on them. Pure. */
import type { KubeObject } from '../../../functions/kube/object.ts';
import type { LoadedObject } from '../../../functions/store/load-objects.ts';

/** They speak of machines that stay with the original. */
const ofNodes: ReadonlySet<string> = new Set([
  'nodes',
  'csinodes.storage.k8s.io',
  'volumeattachments.storage.k8s.io',
  'resourceslices.resource.k8s.io',
]);

export const forkedObjects = (objects: readonly LoadedObject[]): LoadedObject[] => objects.flatMap(forked);

function forked(loaded: LoadedObject): LoadedObject[] {
  const { resource, namespace } = loaded.key;
  if (ofNodes.has(resource) || (resource === 'leases.coordination.k8s.io' && namespace === 'kube-node-lease')) return [];
  return resource === 'pods' ? forkedPod(loaded) : [loaded];
}

/** A pod that is controlled is made anew by its controller; another one waits for a node of the fork. */
function forkedPod(loaded: LoadedObject): LoadedObject[] {
  const { status: _status, ...pod } = JSON.parse(loaded.json) as KubeObject & { readonly spec: { readonly nodeName?: string } };
  if (pod.metadata.ownerReferences?.some(({ controller }) => controller === true) === true) return [];
  const { nodeName: _node, ...spec } = pod.spec;
  return [{ ...loaded, json: JSON.stringify({ ...pod, spec, status: { phase: 'Pending' } }) }];
}
