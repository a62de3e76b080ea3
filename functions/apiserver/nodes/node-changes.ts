/**
 * What a node should hear, as objects: everything at first, then what changed. Pure reads; nothing is remembered
 * between two polls but the revision that the agent names.
 */
import type { Pod } from '../../kube/generated/types.ts';
import type { GoneObject, UnreadableName } from '../../node-protocol/node-poll.ts';
import type { KubeObject, ObjectName } from '../../kube/object.ts';
import { keyText, nameOf, namespaceOf, uidOf } from '../../kube/object.ts';
import { apiVersionOf, groupResource, nodes, pods } from '../../kube/resource-type.ts';
import type { ResourceType } from '../../kube/resource-type.ts';
import { damageOf, readable, readObject } from '../../kube/unreadable-object.ts';
import type { Key, View } from '../../kube/view.ts';
import type { Change } from '../../store/store.ts';
import { isAnnouncedTo } from '../relay/waiting-relays.ts';
import { fixedInterests, isFixedInterest, leadsOn, namedInterests, ownInterests, sharedInterests } from './poll-interests.ts';
import type { PodReferences } from '../../kube/pod-references.ts';
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

const podResource = groupResource(pods);

const typeOf = (resource: string): ResourceType | undefined =>
  sharedInterests.get(resource) ?? namedInterests.get(resource)?.type ?? ownInterests.get(resource)?.type;

const whole = (type: ResourceType, object: KubeObject): KubeObject => ({ ...object, apiVersion: apiVersionOf(type), kind: type.kind });

const goneObject = (type: ResourceType, { namespace, name }: Pick<Key, 'namespace' | 'name'>, uid: string): GoneObject => ({
  apiVersion: apiVersionOf(type),
  kind: type.kind,
  namespace,
  name,
  uid,
});

const nodeNameOf = (object: KubeObject): string => (object as Pod).spec?.nodeName ?? '';

function keysNamedByPod(pod: Pod): Key[] {
  const references: PodReferences = podReferences(pod);
  return [...namedInterests].flatMap(([resource, { type, ofPods }]) =>
    ofPods === undefined
      ? []
      : [...references[ofPods]].map((name) => ({ resource, namespace: type.namespaced ? namespaceOf(pod) : '', name })),
  );
}

/** In the namespace of the object that names them. */
const keysNamedBy = (key: Key, object: KubeObject): Key[] =>
  [...namedInterests].flatMap(([resource, { type, of }]) => {
    if (of === undefined || groupResource(of.type) !== key.resource) return [];
    const namespace = type.namespaced ? key.namespace : '';
    return of.names(object).flatMap((name) => (name === '' ? [] : [{ resource, namespace, name }]));
  });

const place = (key: Key): string => `${key.resource} ${keyText(key)}`;

/** What these keys name, and what that names in turn, each once, as far as it exists. */
function namedObjects(keys: readonly Key[], view: View): Map<string, KubeObject> {
  const found = new Map<string, KubeObject>();
  const open = [...keys];
  // The list grows while it is read.
  for (const key of open) {
    const type = namedInterests.get(key.resource)?.type;
    const object = readObject(view.get(key));
    if (type === undefined || object === undefined || found.has(place(key))) continue;
    found.set(place(key), whole(type, object));
    open.push(...keysNamedBy(key, object));
  }
  return found;
}

/** Everything that a node should know, as of the view. */
export function nodeSnapshot(nodeName: string, { podsOfNode, view }: Source): KubeObject[] {
  const own = podsOfNode.list(nodeName);
  const shared = [...sharedInterests].flatMap(([resource, type]) => readable(view.list(resource)).map(({ object }) => whole(type, object)));
  const named = namedObjects([...own.flatMap(keysNamedByPod), ...fixedInterests], view);
  const addressed = [...ownInterests].flatMap(([resource, { type, nodeNameOf: nameIn }]) =>
    readable(view.list(resource))
      .filter(({ key, object }) => nameIn(object) === nodeName && !named.has(place(key)))
      .map(({ object }) => whole(type, object)),
  );
  return [...own.map((pod) => whole(pods, pod)), ...named.values(), ...addressed, ...shared];
}

/** What the snapshot lacks because it cannot be read. The node goes on with what it has of each. */
export function unreadableFor(nodeName: string, { podsOfNode, view }: Source): UnreadableName[] {
  const nameOfKey = (type: ResourceType, { namespace, name }: ObjectName): UnreadableName => ({ kind: type.kind, namespace, name });
  const listed = [...sharedInterests, ...[...ownInterests].map(([resource, { type }]) => [resource, type] as const)].flatMap(
    ([resource, type]) => view.list(resource).flatMap((stored) => (damageOf(stored) === undefined ? [] : nameOfKey(type, stored.key))),
  );
  const named = [...podsOfNode.list(nodeName).flatMap(keysNamedByPod), ...fixedInterests].flatMap((key) => {
    const [type, stored] = [namedInterests.get(key.resource)?.type, view.get(key)];
    return type === undefined || stored === undefined || damageOf(stored) === undefined ? [] : nameOfKey(type, key);
  });
  return [...podsOfNode.unreadable().map((key) => nameOfKey(pods, key)), ...listed, ...named];
}

/** Whether the change brings an object of a kind that nodes hear of, and it cannot be read: a delta cannot show it. */
export const isUnreadableNews = ({ key, damage }: Change): boolean =>
  damage !== undefined && (key.resource === podResource || typeOf(key.resource) !== undefined);

/** Whether every node hears of it. */
export const isShared = ({ key }: Change): boolean => sharedInterests.has(key.resource) || isFixedInterest(key);

/** Whether a change concerns a node; asked for every change and every node, so it must be cheap. */
export function concernsNode(change: Change, nodeName: string, podsOfNode: PodsOfNode): boolean {
  const { resource, namespace, name } = change.key;
  if (change.damage !== undefined) return isUnreadableNews(change);
  if (resource === podResource) return nodeNameOf(change.object) === nodeName;
  if (isShared(change)) return true;
  if (ownInterests.get(resource)?.nodeNameOf(change.object) === nodeName) return true;
  const interest = namedInterests.get(resource);
  if (interest === undefined) return isAnnouncedTo(change, nodeName);
  if (interest.ofPods !== undefined) return podsOfNode.names(nodeName, interest.ofPods, namespace, name);
  return namedObjects(podsOfNode.list(nodeName).flatMap(keysNamedByPod), podsOfNode.view()).has(place(change.key));
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
  const followed: Key[] = [];
  for (const change of changes) {
    if (!concernsNode(change, nodeName, podsOfNode)) continue;
    const { key, object } = change;
    const type = key.resource === podResource ? pods : typeOf(key.resource);
    if (type === undefined) continue;
    if (change.type === 'deleted') {
      objects.delete(place(key));
      gone.push(goneObject(type, key, uidOf(object)));
    } else {
      objects.set(place(key), whole(type, object));
      if (leadsOn(key.resource)) followed.push(...keysNamedBy(key, object));
    }
    if (type !== pods) continue;
    if (change.type === 'deleted') left.push(object as Pod);
    else if (isArrival(change, nodeName)) arrived.push(object as Pod);
  }
  const named = namedObjects([...arrived.flatMap(keysNamedByPod), ...followed], view);
  for (const [key, object] of named) objects.set(key, object);
  return { objects: [...objects.values()], gone: [...gone, ...unneeded(nodeName, left, { podsOfNode, view })] };
}

/** What only pods named which have gone, and what that named in turn. */
function unneeded(nodeName: string, left: readonly Pod[], { podsOfNode, view }: Source): GoneObject[] {
  if (left.length === 0) return [];
  const needed = namedObjects([...podsOfNode.list(nodeName).flatMap(keysNamedByPod), ...fixedInterests], view);
  const named = namedObjects(left.flatMap(keysNamedByPod), view);
  return [...named].flatMap(([key, object]) => {
    const { kind = '', apiVersion = '' } = object;
    const [namespace, name] = [namespaceOf(object), nameOf(object)];
    return needed.has(key) ? [] : [{ apiVersion, kind, namespace, name, uid: uidOf(object) }];
  });
}

/** The part of a Node that other nodes act on; heartbeats and usage are not in it. */
export function nodeShape(change: Change): string | undefined {
  if (change.key.resource !== groupResource(nodes) || change.damage !== undefined) return undefined;
  const { metadata, spec, status } = change.object as {
    metadata: KubeObject['metadata'];
    spec?: unknown;
    status?: { addresses?: unknown };
  };
  return JSON.stringify([change.type === 'deleted', metadata.labels, metadata.annotations, spec, status?.addresses]);
}
