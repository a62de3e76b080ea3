/**
 * A Client straight on a Store, with the rules of the apiserver that controllers depend on and nothing else: names,
 * uids, generations, status kept apart, versions, finalizers, graceful deletion. It validates and defaults nothing.
 */
import type { Client, DeleteOptions, ListOptions, PatchOptions } from '../../functions/client/client.ts';
import { copy } from '../../functions/kube/copy.ts';
import { deepEqual } from '../../functions/kube/equality.ts';
import { matchesLabels, parseLabelSelector } from '../../functions/kube/labels.ts';
import { generatedName } from '../../functions/kube/names.ts';
import type { Json, JsonObject, KubeList, KubeObject, ObjectName } from '../../functions/kube/object.ts';
import { labelsOf } from '../../functions/kube/object.ts';
import { applyMergePatch } from '../../functions/kube/patch/merge.ts';
import type { ResourceType } from '../../functions/kube/resource-type.ts';
import { apiVersionOf, groupResource } from '../../functions/kube/resource-type.ts';
import { alreadyExists, conflict, forbidden, notFound, StatusError } from '../../functions/kube/status-error.ts';
import { timestamp } from '../../functions/kube/time.ts';
import type { Key } from '../../functions/kube/view.ts';
import type { Decision, Store, Write } from '../../functions/store/store.ts';
import type { World } from '../../functions/world.ts';

interface AnyObject extends KubeObject {
  spec?: { finalizers?: string[]; nodeName?: string; terminationGracePeriodSeconds?: number };
  status?: { phase?: string };
}

export class StoreClient implements Client {
  readonly #store: Store;
  readonly #world: World;

  constructor(store: Store, world: World) {
    this.#store = store;
    this.#world = world;
  }

  async get<T extends KubeObject>(type: ResourceType<T>, at: ObjectName): Promise<T> {
    const stored = (await this.#store.fresh()).get(keyOf(type, at));
    if (stored === undefined) throw notFound(type, at.name);
    return stored.object as T;
  }

  async list<T extends KubeObject>(type: ResourceType<T>, options: ListOptions = {}): Promise<KubeList<T>> {
    const selector = parseLabelSelector(options.labelSelector ?? '');
    const stored = (await this.#store.fresh()).list(groupResource(type), options.namespace);
    return { metadata: {}, items: stored.map(({ object }) => object as T).filter((object) => matchesLabels(selector, labelsOf(object))) };
  }

  watch(): never {
    throw new Error('not watched in these tests');
  }

  create<T extends KubeObject>(type: ResourceType<T>, object: T): Promise<T> {
    const made = copy(object) as AnyObject;
    const { metadata } = made;
    metadata.name ??= generatedName(metadata.generateName ?? '', this.#world.random);
    metadata.uid = this.#world.random.uuid();
    metadata.creationTimestamp = timestamp(this.#world.clock.now());
    metadata.generation = 1;
    Object.assign(made, { apiVersion: apiVersionOf(type), kind: type.kind });
    if (type.kind === 'Namespace') Object.assign(made, { spec: { finalizers: ['kubernetes'] }, status: { phase: 'Active' } });
    const key = keyOf(type, { namespace: metadata.namespace ?? '', name: metadata.name });
    return this.#write<T>(key, (current, namespace) => {
      if (current !== undefined) throw alreadyExists(type, key.name);
      if (namespace?.metadata.deletionTimestamp !== undefined) throw namespaceTerminating(type, key);
      return { type: 'create', key, object: made };
    });
  }

  update<T extends KubeObject>(type: ResourceType<T>, object: T, subresource = ''): Promise<T> {
    const key = keyOf(type, { namespace: object.metadata.namespace ?? '', name: object.metadata.name ?? '' });
    return this.#write(key, (current) => {
      if (current === undefined) throw notFound(type, key.name);
      return updateOf(type, key, current, next(current, copy<KubeObject>(object) as AnyObject, subresource));
    });
  }

  patch<T extends KubeObject>(type: ResourceType<T>, at: ObjectName, patch: unknown, options: PatchOptions = {}): Promise<T> {
    const key = keyOf(type, at);
    return this.#write(key, (current) => {
      if (current === undefined) throw notFound(type, key.name);
      const patched = applyMergePatch(JSON.parse(JSON.stringify(current)) as JsonObject, JSON.parse(JSON.stringify(patch)) as Json);
      return updateOf(type, key, current, next(current, patched as object as AnyObject, options.subresource ?? ''));
    });
  }

  async delete<T extends KubeObject>(type: ResourceType<T>, at: ObjectName, options: DeleteOptions = {}): Promise<void> {
    const key = keyOf(type, at);
    await this.#write(key, (current) => {
      if (current === undefined) throw notFound(type, key.name);
      const { uid } = options.preconditions ?? {};
      if (uid !== undefined && uid !== current.metadata.uid)
        throw conflict(type, key.name, `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${current.metadata.uid}`);
      return deletionOf(key, current, options, this.#world.clock.now());
    });
  }

  async deleteCollection<T extends KubeObject>(type: ResourceType<T>, list: ListOptions, options?: DeleteOptions): Promise<void> {
    for (const { metadata } of (await this.list(type, list)).items)
      await this.delete(type, { namespace: metadata.namespace ?? '', name: metadata.name ?? '' }, options);
  }

  getSubresource(): never {
    throw new Error('not read in these tests');
  }

  createSubresource(): never {
    throw new Error('not used in these tests');
  }

  writeMany(): never {
    throw new Error('not used in these tests');
  }

  #write<T extends KubeObject>(
    key: Key,
    decide: (current: AnyObject | undefined, namespace: KubeObject | undefined) => Write | undefined,
  ): Promise<T> {
    const namespaceKey = { resource: 'namespaces', namespace: '', name: key.namespace };
    return this.#store.commit({
      keys: [key, namespaceKey],
      decide(view): Decision<T> {
        const current = view.get(key)?.object;
        try {
          const write = decide(current as AnyObject | undefined, view.get(namespaceKey)?.object);
          if (write === undefined) return { outcome: 'answer', answer: current as T };
          return { outcome: 'write', writes: [write], answer: ([stored]) => (stored?.object ?? current) as T };
        } catch (error) {
          if (error instanceof StatusError) return { outcome: 'refuse', error };
          throw error;
        }
      },
    });
  }
}

const keyOf = (type: ResourceType, { namespace, name }: ObjectName): Key => ({
  resource: groupResource(type),
  namespace: type.namespaced ? namespace : '',
  name,
});

const namespaceTerminating = (type: ResourceType, key: Key): StatusError => {
  const why = `unable to create new content in namespace ${key.namespace} because it is being terminated`;
  const refusal = forbidden(type, key.name, why);
  return new StatusError(403, 'Forbidden', refusal.message, { details: { causes: [{ reason: 'NamespaceTerminating' }] } });
};

/** What the object becomes: each endpoint writes its own part. */
function next(current: AnyObject, given: AnyObject, subresource: string): AnyObject {
  if (subresource === 'status')
    return { ...copy(current), metadata: { ...copy(current.metadata), ...versionOf(given) }, status: given.status };
  if (subresource === 'finalize')
    return {
      ...copy(current),
      metadata: { ...copy(current.metadata), ...versionOf(given) },
      spec: { ...copy(current.spec), finalizers: given.spec?.finalizers ?? [] },
    };
  const { creationTimestamp, deletionTimestamp, generation } = current.metadata;
  const metadata = { ...given.metadata, creationTimestamp, deletionTimestamp, generation };
  const updated = { ...given, metadata, status: copy(current.status) };
  if (!deepEqual(given.spec, current.spec)) metadata.generation = (generation ?? 0) + 1;
  return updated;
}

const versionOf = ({ metadata: { resourceVersion, uid } }: KubeObject): { resourceVersion?: string; uid?: string } => ({
  resourceVersion,
  uid,
});

function updateOf(type: ResourceType, key: Key, current: AnyObject, updated: AnyObject): Write {
  const { resourceVersion, uid } = updated.metadata;
  if (uid !== undefined && uid !== current.metadata.uid) throw conflict(type, key.name, 'Precondition failed: UID in precondition');
  if (resourceVersion !== undefined && resourceVersion !== current.metadata.resourceVersion)
    throw conflict(type, key.name, 'the object has been modified; please apply your changes to the latest version and try again');
  const isHeld = (updated.metadata.finalizers ?? []).length > 0 || (updated.spec?.finalizers ?? []).length > 0;
  const wasHeld = (current.metadata.finalizers ?? []).length > 0 || (current.spec?.finalizers ?? []).length > 0;
  if (current.metadata.deletionTimestamp !== undefined && wasHeld && !isHeld) return { type: 'delete', key };
  return { type: 'update', key, object: updated };
}

function deletionOf(key: Key, current: AnyObject, options: DeleteOptions, nowMs: number): Write | undefined {
  const object = copy(current);
  const policies = { Foreground: ['foregroundDeletion'], Orphan: ['orphan'], Background: [] };
  const kept = (object.metadata.finalizers ?? []).filter((name) => name !== 'foregroundDeletion' && name !== 'orphan');
  if (options.propagationPolicy !== undefined) object.metadata.finalizers = [...kept, ...policies[options.propagationPolicy]];
  const isPod = key.resource === 'pods';
  const runs = isPod && (object.spec?.nodeName ?? '') !== '' && object.status?.phase !== 'Succeeded' && object.status?.phase !== 'Failed';
  const graceSeconds = runs ? (options.gracePeriodSeconds ?? object.spec?.terminationGracePeriodSeconds ?? 30) : 0;
  const isHeld =
    (object.metadata.finalizers ?? []).length > 0 || (key.resource === 'namespaces' && (object.spec?.finalizers ?? []).length > 0);
  if (!isHeld && graceSeconds === 0) return { type: 'delete', key };
  if (object.metadata.deletionTimestamp !== undefined) return deepEqual(object, current) ? undefined : { type: 'update', key, object };
  object.metadata.deletionTimestamp = timestamp(nowMs + graceSeconds * 1000);
  object.metadata.deletionGracePeriodSeconds = graceSeconds;
  object.metadata.generation = (object.metadata.generation ?? 0) + 1;
  if (key.resource === 'namespaces') object.status = { ...object.status, phase: 'Terminating' };
  return { type: 'update', key, object };
}
