/**
 * Who manages which fields of an object: the entries of `metadata.managedFields`, by who wrote them and how. Entries that a
 * write does not concern are stored again as they were.
 * Source: apimachinery, pkg/util/managedfields/internal/{managedfields,capmanagers}.go.
 */
import { boundedJson } from '../bounded-json.ts';
import type { ManagedFieldsEntry } from '../generated/types.ts';
import { isJsonObject, type Json, type JsonObject } from '../object.ts';
import { type FieldSet, sorted, union } from './field-set.ts';
import { goJson, isElement } from './path-element.ts';

export type ManagedOperation = 'Apply' | 'Update';

export interface Manager {
  readonly manager: string;
  readonly operation: ManagedOperation;
  readonly apiVersion: string;
  readonly subresource: string;
}

export interface ManagedSet extends Manager {
  readonly time: string | undefined;
  readonly fields: FieldSet;
  /** What it was read from, as long as nothing of it changed. */
  readonly entry?: ManagedFieldsEntry;
}

export type Managers = ReadonlyMap<string, ManagedSet>;

/** Two entries of one manager are one when this is equal. Who applies has one entry for all versions. */
export function managerId({ manager, operation, apiVersion, subresource }: Manager): string {
  return goJson({
    ...(manager === '' ? {} : { manager }),
    operation,
    ...(operation === 'Apply' ? {} : { apiVersion }),
    ...(subresource === '' ? {} : { subresource }),
  });
}

const operationOf = (text: string | undefined): ManagedOperation | undefined => (text === 'Apply' || text === 'Update' ? text : undefined);

/** Undefined where an entry is not valid. */
export function managersOf(entries: readonly ManagedFieldsEntry[] = []): Managers | undefined {
  const managers = new Map<string, ManagedSet>();
  for (const entry of entries) {
    const { manager = '', apiVersion = '', subresource = '', fieldsType, time } = entry;
    const operation = operationOf(entry.operation);
    if (operation === undefined || apiVersion === '' || fieldsType !== 'FieldsV1') return undefined;
    const set = { manager, operation, apiVersion, subresource, time, fields: setOf(entry), entry };
    managers.set(managerId(set), set);
  }
  return managers;
}

/** Stored sets are in this form already. */
const setOf = ({ fieldsV1 }: ManagedFieldsEntry): FieldSet => (fieldsV1 ?? {}) as FieldSet;

/** Entries that a client sent, each set in the form that we write. Undefined where one is not valid. */
export function sentManagers(entries: readonly ManagedFieldsEntry[]): Managers | undefined {
  const read: ManagedFieldsEntry[] = [];
  for (const entry of entries) {
    const fields = parsedSet((entry.fieldsV1 ?? {}) as Json);
    if (fields === undefined) return undefined;
    read.push({ ...entry, fieldsV1: fields });
  }
  return managersOf(read);
}

/** Unknown kinds of elements are left out; what no element can be makes the whole set invalid. */
function parsedSet(value: Json): FieldSet | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return {};
  const set: Record<string, FieldSet> = {};
  for (const [text, part] of Object.entries(value)) {
    if (text !== '.' && text.charAt(1) !== ':') return undefined;
    if (text !== '.' && !'fikv'.includes(text.charAt(0))) continue;
    if (!isElement(text)) return undefined;
    const inner = text === '.' ? {} : parsedSet(part);
    if (inner === undefined) return undefined;
    set[canonical(text)] = inner;
  }
  return set;
}

function canonical(element: string): string {
  if (!element.startsWith('k:') && !element.startsWith('v:')) return element;
  const value = boundedJson(element.slice(2));
  const keys = isJsonObject(value) ? sortedKeys(value) : value;
  return `${element.slice(0, 2)}${goJson(keys)}`;
}

const sortedKeys = (value: JsonObject): JsonObject => Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));

const secondsOf = (time: string | undefined): number => (time === undefined ? 0 : Math.floor(Date.parse(time) / 1000));
const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Appliers first, then by age. Undefined where no field has a manager. */
export function entriesOf(managers: Managers): ManagedFieldsEntry[] | undefined {
  if (managers.size === 0) return undefined;
  const byAge = (a: ManagedSet, b: ManagedSet): number =>
    compareText(a.operation, b.operation) ||
    secondsOf(a.time) - secondsOf(b.time) ||
    compareText(a.manager, b.manager) ||
    compareText(a.apiVersion, b.apiVersion) ||
    compareText(a.subresource, b.subresource);
  return [...managers.values()].toSorted(byAge).map(entryOf);
}

function entryOf({ manager, operation, apiVersion, subresource, time, fields, entry }: ManagedSet): ManagedFieldsEntry {
  if (entry !== undefined) return entry;
  return {
    ...(manager === '' ? {} : { manager }),
    operation,
    apiVersion,
    ...(time === undefined ? {} : { time }),
    fieldsType: 'FieldsV1',
    fieldsV1: sorted(fields),
    ...(subresource === '' ? {} : { subresource }),
  };
}

export function withFields(set: ManagedSet, fields: FieldSet): ManagedSet {
  const { entry: _entry, ...rest } = set;
  return { ...rest, fields };
}

/** Source: apimachinery, pkg/util/managedfields/internal/fieldmanager.go, DefaultMaxUpdateManagers. */
const updatersMax = 10;
const oldUpdates = 'ancient-changes';

/** Where many have updated the object, the oldest share an entry for each version. */
export function capped(managers: Managers): Managers {
  const updaters = [...managers].filter(([, { operation }]) => operation === 'Update');
  if (updaters.length <= updatersMax) return managers;
  updaters.sort(([idA, a], [idB, b]) => secondsOf(a.time) - secondsOf(b.time) || compareText(idA, idB));
  const result = new Map(managers);
  const firstOfVersion = new Map<string, string>();
  let count = updaters.length;
  for (const [id, set] of updaters) {
    if (count <= updatersMax) break;
    const { apiVersion } = set;
    const first = firstOfVersion.get(apiVersion);
    if (first === undefined) {
      firstOfVersion.set(apiVersion, id);
      continue;
    }
    const bucket: Manager = { manager: oldUpdates, operation: 'Update', apiVersion, subresource: '' };
    const bucketId = managerId(bucket);
    const known = result.get(bucketId) ?? result.get(first);
    if (!result.has(bucketId)) result.delete(first);
    result.delete(id);
    result.set(bucketId, { ...bucket, time: set.time, fields: union(set.fields, known?.fields ?? {}) });
    count -= 1;
  }
  return result;
}
