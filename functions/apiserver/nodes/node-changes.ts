/**
 * What a node should hear, as objects: everything at first, then what changed. Pure reads; nothing is remembered
 * between two polls but the revision that the agent names.
 */
import type { Pod } from '../../kube/generated/types.ts';
import type { GoneObject } from '../../kube/node-poll.ts';
import type { KubeObject } from '../../kube/object.ts';
import { keyText, namespaceOf, uidOf } from '../../kube/object.ts';
import { apiVersionOf, configMaps, endpointSlices, groupResource, nodes, pods, secrets, services } from '../../kube/resource-type.ts';
import type { ResourceType } from '../../kube/resource-type.ts';
import type { Key, View } from '../../kube/view.ts';
import type { Change } from '../../store/store.ts';
import { isAnnouncedTo } from '../relay/waiting-relays.ts';
import type { PodReferences } from './pod-references.ts';
import type { PodsOfNode } from './pods-of-node.ts';
import { podReferences } from './pods-of-node.ts';

export interface NodeDelta {
  readonly objects: readonly KubeObject[];
  readonly gone: readonly GoneObject[];
}

interface Source {
  readonly podsOfNode: PodsOfNode;
  readonly view: View;
}

/** Every node hears of these. */
const sharedTypes: ReadonlyMap<string, ResourceType> = new Map(
  [services, endpointSlices, nodes].map((type) => [groupResource(type), type]),
);

/** A node hears of these where its pods name them. */
const namedTypes: ReadonlyMap<string, { readonly type: ResourceType; readonly what: 'configMaps' | 'secrets' }> = new Map([
  [groupResource(configMaps), { type: configMaps, what: 'configMaps' }],
  [groupResource(secrets), { type: secrets, what: 'secrets' }],
]);

const podResource = groupResource(pods);

const whole = (type: ResourceType, object: KubeObject): KubeObject => ({ ...object, apiVersion: apiVersionOf(type), kind: type.kind });

const goneObject = (type: ResourceType, { namespace, name }: Pick<Key, 'namespace' | 'name'>, uid: string): GoneObject => ({
  apiVersion: apiVersionOf(type),
  kind: type.kind,
  namespace,
  name,
  uid,
});

const nodeNameOf = (object: KubeObject): string => (object as Pod).spec?.nodeName ?? '';

function namedKeys(pod: Pod): Key[] {
  const references: PodReferences = podReferences(pod);
  return [...namedTypes].flatMap(([resource, { what }]) =>
    [...references[what]].map((name) => ({ resource, namespace: namespaceOf(pod), name })),
  );
}

const place = (key: Key): string => `${key.resource} ${keyText(key)}`;

/** The ConfigMaps and Secrets that these pods name, each once, as far as they exist. */
function namedObjects(ofPods: readonly Pod[], view: View): Map<string, KubeObject> {
  const found = new Map<string, KubeObject>();
  for (const key of ofPods.flatMap(namedKeys)) {
    const type = namedTypes.get(key.resource)?.type;
    const object = view.get(key)?.object;
    if (type !== undefined && object !== undefined) found.set(place(key), whole(type, object));
  }
  return found;
}

/** Everything that a node should know, as of the view. */
export function nodeSnapshot(nodeName: string, { podsOfNode, view }: Source): KubeObject[] {
  const own = podsOfNode.list(nodeName);
  const shared = [...sharedTypes].flatMap(([resource, type]) => view.list(resource).map(({ object }) => whole(type, object)));
  return [...own.map((pod) => whole(pods, pod)), ...namedObjects(own, view).values(), ...shared];
}

/** Whether every node hears of it. */
export const isShared = ({ key }: Change): boolean => sharedTypes.has(key.resource);

/** Whether a change concerns a node; asked for every change and every node, so it must be cheap. */
export function concernsNode(change: Change, nodeName: string, podsOfNode: PodsOfNode): boolean {
  const { resource, namespace, name } = change.key;
  if (resource === podResource) return nodeNameOf(change.object) === nodeName;
  if (isShared(change)) return true;
  const named = namedTypes.get(resource);
  if (named === undefined) return isAnnouncedTo(change, nodeName);
  return podsOfNode.names(nodeName, named.what, namespace, name);
}

/** True when the pod came to the node with this change, and with it all that it names. */
const isArrival = ({ type, previous }: Change, nodeName: string): boolean =>
  type !== 'deleted' && previous?.fields['spec.nodeName'] !== nodeName;

/** What a node should hear after these changes, which must be in order. */
export function nodeDelta(nodeName: string, changes: readonly Change[], { podsOfNode, view }: Source): NodeDelta {
  const objects = new Map<string, KubeObject>();
  const gone: GoneObject[] = [];
  const arrived: Pod[] = [];
  const left: Pod[] = [];
  for (const change of changes) {
    if (!concernsNode(change, nodeName, podsOfNode)) continue;
    const { key, object } = change;
    const type = key.resource === podResource ? pods : (sharedTypes.get(key.resource) ?? namedTypes.get(key.resource)?.type);
    if (type === undefined) continue;
    if (change.type === 'deleted') {
      objects.delete(place(key));
      gone.push(goneObject(type, key, uidOf(object)));
    } else objects.set(place(key), whole(type, object));
    if (type !== pods) continue;
    if (change.type === 'deleted') left.push(object as Pod);
    else if (isArrival(change, nodeName)) arrived.push(object as Pod);
  }
  for (const [key, object] of namedObjects(arrived, view)) objects.set(key, object);
  return { objects: [...objects.values()], gone: [...gone, ...unneeded(nodeName, left, { podsOfNode, view })] };
}

/** ConfigMaps and Secrets that only pods named which have gone. */
function unneeded(nodeName: string, left: readonly Pod[], { podsOfNode, view }: Source): GoneObject[] {
  const keys = new Map(left.flatMap(namedKeys).map((key) => [place(key), key]));
  return [...keys.values()].flatMap((key) => {
    const named = namedTypes.get(key.resource);
    if (named === undefined || podsOfNode.names(nodeName, named.what, key.namespace, key.name)) return [];
    const object = view.get(key)?.object;
    return object === undefined ? [] : [goneObject(named.type, key, uidOf(object))];
  });
}

/** The part of a Node that other nodes act on; heartbeats and usage are not in it. */
export function nodeShape(change: Change): string | undefined {
  if (change.key.resource !== groupResource(nodes)) return undefined;
  const { metadata, spec, status } = change.object as {
    metadata: KubeObject['metadata'];
    spec?: unknown;
    status?: { addresses?: unknown };
  };
  return JSON.stringify([change.type === 'deleted', metadata.labels, metadata.annotations, spec, status?.addresses]);
}
