/**
 * Who owns whom, over all resources: the questions that the garbage collector asks, and the names it gives its
 * requests. It knows no kind; the resources come as a list.
 */
import type { OwnerReference } from '../../kube/generated/types.ts';
import type { KubeObject, ObjectName } from '../../kube/object.ts';
import { isTerminating, nameOf, namespaceOf, uidOf } from '../../kube/object.ts';
import type { ResourceType } from '../../kube/resource-type.ts';
import { groupResource } from '../../kube/resource-type.ts';
import type { Key } from '../../kube/view.ts';
import type { Cache, Index } from '../../workers/controller.ts';
import type { ResourceTypes } from '../shared/resource-types.ts';

export const foregroundFinalizer = 'foregroundDeletion';
export const orphanFinalizer = 'orphan';

/** An object, and the resource that it is one of. */
export interface Item {
  readonly type: ResourceType;
  readonly object: KubeObject;
}

export const ownersOf = (object: KubeObject): readonly OwnerReference[] => object.metadata.ownerReferences ?? [];

export const hasFinalizer = (object: KubeObject, finalizer: string): boolean => (object.metadata.finalizers ?? []).includes(finalizer);

/** It is deleted once its blocking dependents are. */
export const waitsForDependents = (object: KubeObject): boolean => isTerminating(object) && hasFinalizer(object, foregroundFinalizer);

/** Its dependents are set free before it goes. */
export const orphansDependents = (object: KubeObject): boolean => isTerminating(object) && hasFinalizer(object, orphanFinalizer);

interface Kinds {
  readonly types: readonly ResourceType[];
  readonly byResource: ReadonlyMap<string, ResourceType>;
}

export class OwnershipGraph {
  readonly #resourceTypes: ResourceTypes;
  /** Kept for good: the cache knows an index by its identity. */
  readonly #indexes = new Map<string, Index>();
  readonly #uidIndexes = new Map<string, Index>();
  #kinds: Kinds = { types: [], byResource: new Map() };

  constructor(resourceTypes: ResourceTypes) {
    this.#resourceTypes = resourceTypes;
  }

  knows(key: Key): boolean {
    return this.#types().has(key.resource);
  }

  #types(): ReadonlyMap<string, ResourceType> {
    const types = this.#resourceTypes();
    if (types !== this.#kinds.types) this.#kinds = { types, byResource: new Map(types.map((type) => [groupResource(type), type])) };
    return this.#kinds.byResource;
  }

  #ownersIndex(type: ResourceType): Index {
    const resource = groupResource(type);
    const known = this.#indexes.get(resource);
    if (known !== undefined) return known;
    const made: Index = { type, values: (object) => ownersOf(object).map(({ uid }) => uid) };
    this.#indexes.set(resource, made);
    return made;
  }

  #uidIndex(type: ResourceType): Index {
    const resource = groupResource(type);
    const known = this.#uidIndexes.get(resource);
    if (known !== undefined) return known;
    const made: Index = { type, values: (object) => [uidOf(object)] };
    this.#uidIndexes.set(resource, made);
    return made;
  }

  /** Whether the owner that is meant is in another namespace than the object. */
  isElsewhere({ object }: Item, reference: OwnerReference, cache: Cache): boolean {
    const type = this.typeOf(reference);
    if (type?.namespaced !== true) return false;
    return cache.by(this.#uidIndex(type), reference.uid).some((owner) => namespaceOf(owner) !== namespaceOf(object));
  }

  /** The resource is part of the request's name, before the last slash. */
  request({ resource, namespace, name }: Key): ObjectName {
    return { namespace, name: `${resource}/${name}` };
  }

  requestOf({ type, object }: Item): ObjectName {
    return this.request({ resource: groupResource(type), namespace: namespaceOf(object), name: nameOf(object) });
  }

  item({ namespace, name }: ObjectName, cache: Cache): Item | undefined {
    const slash = name.indexOf('/');
    const type = this.#types().get(name.slice(0, slash));
    const object = type === undefined ? undefined : cache.get(type, { namespace, name: name.slice(slash + 1) });
    return type === undefined || object === undefined ? undefined : { type, object };
  }

  /** Every object that names this uid among its owners. */
  dependents(uid: string, cache: Cache): Item[] {
    return [...this.#types().values()].flatMap((type) => cache.by(this.#ownersIndex(type), uid).map((object) => ({ type, object })));
  }

  /** Everything that could be garbage, or has dependents to see to. */
  *candidates(cache: Cache): Iterable<ObjectName> {
    for (const type of this.#types().values())
      for (const object of cache.list(type)) if (isCandidate(object)) yield this.requestOf({ type, object });
  }

  /** The resource of an owner; undefined for one that is not served here. */
  typeOf({ apiVersion, kind }: OwnerReference): ResourceType | undefined {
    const group = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';
    return [...this.#types().values()].find((type) => type.group === group && type.kind === kind);
  }
}

export const isCandidate = (object: KubeObject): boolean =>
  ownersOf(object).length > 0 || waitsForDependents(object) || orphansDependents(object);

export const ownerNamespace = (object: KubeObject, ownerType: ResourceType): string => (ownerType.namespaced ? namespaceOf(object) : '');

/** The owner itself, not a namesake. */
export function ownerOf(
  { object }: Pick<Item, 'object'>,
  reference: OwnerReference,
  graph: OwnershipGraph,
  cache: Cache,
): Item | undefined {
  const type = graph.typeOf(reference);
  if (type === undefined) return undefined;
  const owner = cache.get(type, { namespace: ownerNamespace(object, type), name: reference.name });
  return owner === undefined || uidOf(owner) !== reference.uid ? undefined : { type, object: owner };
}
