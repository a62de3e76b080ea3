/** A table of which some bytes come back damaged, as from a disk that rots. */
import { UnreadableObject } from '../../functions/kube/unreadable-object.ts';
import type { DamagedEntry } from '../../functions/store/store.ts';
import type { EntryItem, ObjectItem, Table } from '../../functions/store/table.ts';

export interface Damage {
  /** Names of objects whose items in the checkpoint are damaged. */
  readonly objects: Set<string>;
  /** Log indexes of damaged entries. */
  readonly entries: Set<number>;
  /** True: no blob is there any more. */
  blobs: boolean;
}

export const noDamage = (): Damage => ({ objects: new Set(), entries: new Set(), blobs: false });

function flipped(bytes: Uint8Array): Uint8Array {
  const damaged = Buffer.from(bytes);
  const at = Math.floor(damaged.length / 2);
  damaged.writeUInt8(damaged.readUInt8(at) ^ 0x20, at);
  return damaged;
}

/** What is damaged may change while the table is used. */
export function damagedTable(table: Table, damage: Damage): Table {
  const object = (item: ObjectItem): ObjectItem =>
    damage.objects.has(item.name) && item.body !== undefined ? { ...item, body: flipped(item.body) } : item;
  const entry = (item: EntryItem): EntryItem => (damage.entries.has(item.logIndex) ? { ...item, frames: flipped(item.frames) } : item);
  const own: Partial<Table> = {
    readObjects: async () => (await table.readObjects()).map(object),
    async readEntries(after, limit) {
      const page = await table.readEntries(after, limit);
      return { ...page, entries: page.entries.map(entry) };
    },
    readBlob: async (hash) => (damage.blobs ? undefined : table.readBlob(hash)),
  };
  return new Proxy(table, {
    get(target, property) {
      const value: unknown = Reflect.get(Object.hasOwn(own, property) ? own : target, property);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

export function textOfDamage(damage: UnreadableObject | DamagedEntry): string {
  if (!(damage instanceof UnreadableObject)) return damage.message;
  const { key, revision } = damage;
  return `${key.resource} ${key.namespace}/${key.name} at revision ${revision}`;
}
