/**
 * What is really in the table of a simulated control plane: each change is seen as an object at the moment it is written.
 * It keeps the newest state, and calls the judges with what changed.
 */
import { blobHash, decodeBody } from '../../../functions/store/body.ts';
import type { KubeObject } from '../../../functions/kube/object.ts';
import { uidOf } from '../../../functions/kube/object.ts';
import type { ResourceType } from '../../../functions/kube/resource-type.ts';
import { groupResource } from '../../../functions/kube/resource-type.ts';
import type { Key } from '../../../functions/kube/view.ts';
import { decodeFrames, isMark } from '../../../functions/store/entry-codec.ts';
import type { EntryItem, Table } from '../../../functions/store/table.ts';
import type { Timeline } from '../timeline.ts';

export interface WitnessedChange<T extends KubeObject = KubeObject> {
  readonly type: 'added' | 'modified' | 'deleted';
  readonly key: Key;
  readonly object: T;
  /** The object that the change replaces. */
  readonly before: T | undefined;
  readonly revision: number;
  readonly atMs: number;
}

export type ChangeListener = (change: WitnessedChange) => void;

export class Witness {
  readonly #timeline: Timeline;
  readonly #byResource = new Map<string, Map<string, KubeObject>>();
  readonly #byUid = new Map<string, KubeObject>();
  readonly #blobs = new Map<string, Uint8Array>();
  readonly #listeners: ChangeListener[] = [];
  #revision = 0;

  constructor(timeline: Timeline) {
    this.#timeline = timeline;
  }

  get revision(): number {
    return this.#revision;
  }

  onChange(listener: ChangeListener): void {
    this.#listeners.push(listener);
  }

  list<T extends KubeObject>(type: ResourceType<T>, namespace?: string): readonly T[] {
    const all = [...(this.#byResource.get(groupResource(type))?.values() ?? [])] as T[];
    return namespace === undefined ? all : all.filter(({ metadata }) => metadata.namespace === namespace);
  }

  get<T extends KubeObject>(type: ResourceType<T>, namespace: string, name: string): T | undefined {
    return this.#byResource.get(groupResource(type))?.get(`${namespace}/${name}`) as T | undefined;
  }

  /** The living object with this uid. */
  byUid(uid: string): KubeObject | undefined {
    return this.#byUid.get(uid);
  }

  all(): readonly KubeObject[] {
    return [...this.#byUid.values()];
  }

  blob(hash: string, bytes: Uint8Array): void {
    this.#blobs.set(hash, bytes);
  }

  appended(item: EntryItem): void {
    let revision = item.firstRevision;
    for (const frame of decodeFrames(item)) {
      this.#revision = revision;
      if (!isMark(frame)) this.#apply(frame.type, frame.key, this.#decode(frame.body));
      revision += 1;
    }
  }

  #apply(type: WitnessedChange['type'], key: Key, object: KubeObject): void {
    const kinds = this.#byResource.get(key.resource) ?? new Map<string, KubeObject>();
    this.#byResource.set(key.resource, kinds);
    const place = `${key.namespace}/${key.name}`;
    const before = kinds.get(place);
    if (type === 'deleted') {
      kinds.delete(place);
      this.#byUid.delete(uidOf(object));
    } else {
      kinds.set(place, object);
      this.#byUid.set(uidOf(object), object);
    }
    const change = { type, key, object, before, revision: this.#revision, atMs: this.#timeline.nowMs };
    for (const listener of this.#listeners) listener(change);
  }

  #decode(body: Uint8Array): KubeObject {
    const hash = blobHash(body);
    const bytes = hash === undefined ? body : this.#blobs.get(hash);
    if (bytes === undefined) throw new Error(`a log entry points to blob ${hash}, which is not there`);
    return decodeBody(bytes, 'the witness');
  }
}

/** The table with a witness to each log entry and blob. */
export function witnessed(table: Table, witness: Witness): Table {
  return new Proxy(table, {
    get(target, property: keyof Table) {
      if (property === 'appendEntry')
        return async (item: EntryItem, signedMs: number) => {
          const result = await target.appendEntry(item, signedMs);
          if (result.outcome === 'written') witness.appended(item);
          return result;
        };
      if (property === 'putBlob')
        return (hash: string, bytes: Uint8Array) => {
          witness.blob(hash, bytes);
          return target.putBlob(hash, bytes);
        };
      const value: unknown = Reflect.get(target, property);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
