/** What has to be written so that objects are again what they were. Pure. */
import type { KubeObject } from '../../../functions/kube/object.ts';
import { objectChanges, type PlacedObject } from './object-changes.ts';

export type UndoStep =
  | { readonly type: 'create' | 'update'; readonly resource: string; readonly object: KubeObject }
  | { readonly type: 'delete'; readonly resource: string; readonly object: KubeObject };

/** What happens is not undone; what a controller keeps for others comes back by itself. */
const leftAlone: ReadonlySet<string> = new Set([
  'events',
  'events.events.k8s.io',
  'leases.coordination.k8s.io',
  'endpoints',
  'endpointslices.discovery.k8s.io',
  'nodes',
  'csinodes.storage.k8s.io',
  'controllerrevisions.apps',
]);

/** Those are histories of what owns them: a rollback needs them. */
const historyKinds: ReadonlySet<string> = new Set(['replicasets.apps']);

/** What others refer to comes before what refers to it. */
const orderOfKinds = [
  'namespaces',
  'customresourcedefinitions.apiextensions.k8s.io',
  'priorityclasses.scheduling.k8s.io',
  'storageclasses.storage.k8s.io',
  'serviceaccounts',
  'secrets',
  'configmaps',
  'persistentvolumes',
  'persistentvolumeclaims',
  'roles.rbac.authorization.k8s.io',
  'clusterroles.rbac.authorization.k8s.io',
];
const last = ['replicasets.apps', 'pods'];

function rankOf(resource: string): number {
  const first = orderOfKinds.indexOf(resource);
  if (first >= 0) return first;
  const late = last.indexOf(resource);
  return orderOfKinds.length + 1 + late;
}

const isControlled = ({ metadata }: KubeObject): boolean =>
  metadata.ownerReferences?.some(({ controller }) => controller === true) === true;

/** Pods and the like are made anew by what controls them. */
const comesBackByItself = ({ resource, object }: PlacedObject): boolean =>
  leftAlone.has(resource) || (isControlled(object) && !historyKinds.has(resource));

/** The steps from `present` to `past`, in an order in which the API takes them. */
export function undoPlan(past: readonly PlacedObject[], present: readonly PlacedObject[]): UndoStep[] {
  const wanted = past.filter((placed) => !comesBackByItself(placed) && placed.object.metadata.deletionTimestamp === undefined);
  const known = present.filter((placed) => !comesBackByItself(placed));
  const find = (list: readonly PlacedObject[], resource: string, namespace: string, name: string): KubeObject | undefined =>
    list.find(
      (placed) =>
        placed.resource === resource && (placed.object.metadata.namespace ?? '') === namespace && placed.object.metadata.name === name,
    )?.object;
  const steps = objectChanges(known, wanted).flatMap(({ type, resource, namespace, name, fields }): UndoStep[] => {
    const [was, is] = [find(wanted, resource, namespace, name), find(known, resource, namespace, name)];
    if (type === 'added' && was !== undefined) return [{ type: 'create', resource, object: asNew(was, resource) }];
    if (type === 'removed' && is !== undefined) return [{ type: 'delete', resource, object: is }];
    const isOwn = fields.every(({ path }) => isServersOwn(path));
    if (was === undefined || is === undefined || isOwn) return [];
    return [{ type: 'update', resource, object: asBefore(was, is) }];
  });
  const writes = steps.filter(({ type }) => type !== 'delete').toSorted((a, b) => rankOf(a.resource) - rankOf(b.resource));
  const deletions = steps.filter(({ type }) => type === 'delete').toSorted((a, b) => rankOf(b.resource) - rankOf(a.resource));
  return [...writes, ...deletions];
}

/** Fields that a write does not reach. */
export const isServersOwn = (path: string): boolean =>
  /^(status|metadata\.(uid|creationTimestamp|deletion\w+|ownerReferences\[\d+\]\.uid))\b/.test(path);

function asNew(object: KubeObject, resource: string): KubeObject {
  const {
    uid: _uid,
    resourceVersion: _version,
    creationTimestamp: _created,
    generation: _generation,
    managedFields: _fields,
    ...metadata
  } = object.metadata;
  const { status: _status, ...rest } = object;
  return resource === 'pods' ? { ...rest, metadata, spec: withoutNode(rest.spec) } : { ...rest, metadata };
}

/** The node may be gone: the scheduler decides anew. */
function withoutNode(spec: unknown): unknown {
  if (typeof spec !== 'object' || spec === null) return spec;
  const { nodeName: _node, ...rest } = spec as Readonly<Record<string, unknown>>;
  return rest;
}

/** With the revision of now: a change that comes between is a conflict, not lost. */
function asBefore(was: KubeObject, is: KubeObject): KubeObject {
  const { uid, resourceVersion, creationTimestamp, generation } = is.metadata;
  const { managedFields: _fields, ...metadata } = was.metadata;
  const now = {
    ...(uid === undefined ? {} : { uid }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
    ...(creationTimestamp === undefined ? {} : { creationTimestamp }),
    ...(generation === undefined ? {} : { generation }),
  };
  return { ...was, metadata: { ...metadata, ...now } };
}

/** With the uids that owners have now. `uids`: of those made anew, by their former one. */
export function withOwners(object: KubeObject, uids: ReadonlyMap<string, string>): KubeObject {
  const { ownerReferences } = object.metadata;
  if (ownerReferences === undefined) return object;
  const owners = ownerReferences.map((owner) => ({ ...owner, uid: uids.get(owner.uid) ?? owner.uid }));
  return { ...object, metadata: { ...object.metadata, ownerReferences: owners } };
}
