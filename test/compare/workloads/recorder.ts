/** Follows every object of one control plane: what there is, what there was, and when something last changed. */
import type { Client, WatchEvent } from '../../../functions/client/client.ts';
import type { KubeObject } from '../../../functions/kube/object.ts';
import { nameOf, namespaceOf } from '../../../functions/kube/object.ts';
import type { ResourceType } from '../../../functions/kube/resource-type.ts';
import { apiVersionOf, groupResource } from '../../../functions/kube/resource-type.ts';

export interface Recorder {
  /** The objects in the order of their names. */
  list<T extends KubeObject>(type: ResourceType<T>, namespace: string): readonly T[];
  /** Every type's objects in the namespace, and those of other places by `resource/name`. */
  objects(namespace: string): readonly KubeObject[];
  /** Each object that there ever was, as first seen; in the order of creation. */
  seen(): readonly KubeObject[];
  /** When an object of the namespace last changed. */
  lastChangeMs(namespace: string): number;
  onChange(listener: (type: ResourceType, event: WatchEvent) => void): void;
  stop(): void;
}

const keyOf = (type: ResourceType, object: KubeObject): string => `${groupResource(type)} ${namespaceOf(object)} ${nameOf(object)}`;

export async function createRecorder(client: Client, types: readonly ResourceType[]): Promise<Recorder> {
  const live = new Map<string, { readonly type: ResourceType; readonly object: KubeObject }>();
  const seen = new Map<string, KubeObject>();
  const changed = new Map<string, number>();
  const listeners: ((type: ResourceType, event: WatchEvent) => void)[] = [];
  const ending = new AbortController();

  const take = (type: ResourceType, event: WatchEvent): void => {
    const object = { ...event.object, apiVersion: apiVersionOf(type), kind: type.kind };
    if (event.type === 'DELETED') live.delete(keyOf(type, object));
    else live.set(keyOf(type, object), { type, object });
    const uid = object.metadata.uid ?? '';
    if (!seen.has(uid)) seen.set(uid, object);
    changed.set(namespaceOf(object), Date.now());
    for (const listener of listeners) listener(type, { ...event, object });
  };
  const follow = async (type: ResourceType, from: string): Promise<void> => {
    let resourceVersion = from;
    while (!ending.signal.aborted) {
      for await (const event of client.watch(type, { resourceVersion, signal: ending.signal })) {
        resourceVersion = event.object.metadata.resourceVersion ?? resourceVersion;
        if (event.type !== 'BOOKMARK') take(type, event);
      }
    }
  };
  await Promise.all(
    types.map(async (type) => {
      const list = await client.list(type);
      for (const object of list.items) take(type, { type: 'ADDED', object });
      follow(type, list.metadata.resourceVersion ?? '').catch((error: unknown) => {
        if (!ending.signal.aborted) throw error;
      });
    }),
  );
  return {
    list: <T extends KubeObject>(type: ResourceType<T>, namespace: string) =>
      [...live.values()]
        .filter((entry) => groupResource(entry.type) === groupResource(type) && namespaceOf(entry.object) === namespace)
        .map(({ object }) => object as T)
        .toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1)),
    objects: (namespace) => [...live.values()].map(({ object }) => object).filter((object) => namespaceOf(object) === namespace),
    seen: () => [...seen.values()],
    lastChangeMs: (namespace) => changed.get(namespace) ?? 0,
    onChange: (listener) => void listeners.push(listener),
    stop: () => ending.abort(),
  };
}

/** Every type that the server lists and watches, but those whose objects are beats or notes. */
export async function typesOf(client: (path: string) => Promise<unknown>): Promise<readonly ResourceType[]> {
  interface Resources {
    readonly resources: readonly { name: string; kind: string; namespaced: boolean; verbs: readonly string[] }[];
  }
  interface Groups {
    readonly groups: readonly { readonly preferredVersion: { readonly groupVersion: string } }[];
  }
  const { groups } = (await client('/apis')) as Groups;
  const versions = ['v1', ...groups.map(({ preferredVersion }) => preferredVersion.groupVersion)];
  const types = await Promise.all(
    versions.map(async (groupVersion) => {
      const path = groupVersion === 'v1' ? '/api/v1' : `/apis/${groupVersion}`;
      const [version = '', group = ''] = groupVersion.split('/').reverse();
      const { resources } = (await client(path)) as Resources;
      return resources
        .filter(({ name, verbs }) => !name.includes('/') && verbs.includes('watch') && name !== 'events' && name !== 'leases')
        .map(({ name, kind, namespaced }): ResourceType => ({ group, version, resource: name, kind, namespaced }));
    }),
  );
  return types.flat();
}
