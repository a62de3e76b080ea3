/** For tests of these rooms: a store in memory, written directly, with none of the API's rules in between. */
import type { PodStatus } from '../../kube/generated/types.ts';
import type { KubeObject, ObjectName } from '../../kube/object.ts';
import { nameOf } from '../../kube/object.ts';
import { groupResource } from '../../kube/resource-type.ts';
import type { ResourceType } from '../../kube/resource-type.ts';
import type { Key, Stored } from '../../kube/view.ts';
import { createStore } from '../../store/create-store.ts';
import { memoryTable } from '../../store/memory/memory-table.ts';
import type { Store, Write } from '../../store/store.ts';
import type { Table } from '../../store/table.ts';
import type { World } from '../../world.ts';

export interface MemoryCluster {
  readonly store: Store;
  /** Creates or replaces; the uid is the name's unless it is given. */
  put<T extends KubeObject>(type: ResourceType<T>, object: T): Promise<T>;
  remove(type: ResourceType, at: ObjectName): Promise<void>;
  get<T extends KubeObject>(type: ResourceType<T>, at: ObjectName): T | undefined;
}

const statusOf = ({ status }: KubeObject): PodStatus => (status ?? {}) as PodStatus;

const fields = (_resource: string, object: KubeObject): Record<string, string> => ({
  'metadata.name': nameOf(object),
  'spec.nodeName': (object.spec as { readonly nodeName?: string } | undefined)?.nodeName ?? '',
  'status.phase': statusOf(object).phase ?? '',
  'status.podIP': statusOf(object).podIP ?? '',
});

/** `table`: one that others write, too. */
export async function memoryCluster(world: World, table: Table = memoryTable()): Promise<MemoryCluster> {
  const store = await createStore({ table, world, selectableFields: fields });
  const keyOf = (type: ResourceType, { namespace, name }: ObjectName): Key => ({
    resource: groupResource(type),
    namespace: type.namespaced ? namespace : '',
    name,
  });
  const commit = (key: Key, write: (exists: boolean) => Write): Promise<Stored | undefined> =>
    store.commit({
      keys: [key],
      decide: (view) => ({ outcome: 'write', writes: [write(view.get(key) !== undefined)], answer: ([stored]) => stored }),
    });

  return {
    store,
    async put(type, object) {
      const { name = '', namespace = type.namespaced ? 'default' : '', uid = `uid-${name}` } = object.metadata;
      const metadata = { ...object.metadata, uid, ...(namespace === '' ? {} : { namespace }) };
      const key = keyOf(type, { namespace, name });
      const stored = await commit(key, (exists) => ({ type: exists ? 'update' : 'create', key, object: { ...object, metadata } }));
      return (stored?.object ?? object) as typeof object;
    },
    async remove(type, at) {
      const key = keyOf(type, at);
      await commit(key, () => ({ type: 'delete', key }));
    },
    get<T extends KubeObject>(type: ResourceType<T>, at: ObjectName) {
      return store.view().get(keyOf(type, at))?.object as T | undefined;
    },
  };
}
