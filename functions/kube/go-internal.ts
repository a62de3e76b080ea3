/**
 * Objects as Go prints the internal types of upstream: all fields in the order of the struct, under its own names, zeros
 * and nulls among them. Messages about fields that cannot change show values so.
 */
import type { LabelSelector, LabelSelectorRequirement } from './generated/types.ts';
import { generatedTable } from './generated-table.ts';
import { type Json, type JsonObject, isJsonObject } from './object.ts';

/** Name in JSON and type; embedded structs have no name. A type with `=` is printed as clients see it. */
type Field = readonly [name: string, type: string];

const table = generatedTable<readonly Field[]>('internal-types');

/** `type` is upstream's: `batch.JobSpec`. The value is an object of the stored version, or a part of one. */
export const internalForm = (type: string, value: unknown): Json => formOf(type, value as Json | undefined);

const zeros: Readonly<Record<string, Json>> = {
  string: '',
  number: 0,
  bool: false,
  bytes: null,
  '=Quantity': '0',
  '=Time': null,
  '=MicroTime': null,
  '=IntOrString': 0,
  '=RawExtension': null,
  '=any': null,
};

/** The order of fields that clients see in theirs, too. */
const orders: Readonly<Record<string, readonly string[]>> = {
  '=ObjectMeta': [
    'name',
    'generateName',
    'namespace',
    'selfLink',
    'uid',
    'resourceVersion',
    'generation',
    'creationTimestamp',
    'deletionTimestamp',
    'deletionGracePeriodSeconds',
    'labels',
    'annotations',
    'ownerReferences',
    'finalizers',
    'managedFields',
  ],
  '=GroupResource': ['group', 'resource'],
};

function formOf(type: string, value: Json | undefined): Json {
  if (type.startsWith('*')) return isNil(value) ? null : formOf(type.slice(1), value);
  if (type.startsWith('[]')) return Array.isArray(value) ? value.map((item) => formOf(type.slice(2), item)) : null;
  if (type.startsWith('{}')) return isJsonObject(value) ? mapForm(type.slice(2), value) : null;
  if (type in zeros) return value ?? zeros[type] ?? null;
  if (type === '=LabelSelector') return labelSelectorForm((value ?? {}) as LabelSelector) as Json;
  if (type.startsWith('=')) return ordered(value ?? {}, orders[type] ?? []);
  return structForm(type, isJsonObject(value) ? value : {});
}

const isNil = (value: Json | undefined): value is null | undefined => value === undefined || value === null;
/** Go sorts the keys of a map. */
const mapForm = (type: string, value: JsonObject): JsonObject =>
  Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => [key, formOf(type, value[key])]),
  );

function ordered(value: Json, order: readonly string[]): Json {
  if (!isJsonObject(value)) return value;
  const known = order.filter((field) => value[field] !== undefined).map((field) => [field, value[field] ?? null] as const);
  const others = Object.entries(value).filter(([field]) => !order.includes(field));
  const formed = (field: string, part: Json = null): Json => {
    if (field === 'ownerReferences') return inFieldOrder(part, ownerFields);
    return mapFields.has(field) ? sortedKeys(part) : part;
  };
  return Object.fromEntries([...known, ...others].map(([field, part]) => [field, formed(field, part)]));
}

/** The value with the fields of its structs in this order. Names that are unknown, as the keys of maps, sort first. */
export function inFieldOrder(value: Json, names: readonly string[]): Json {
  if (Array.isArray(value)) return value.map((item) => inFieldOrder(item, names));
  if (!isJsonObject(value)) return value;
  const entries = Object.entries(value).map(([name, part]) => [name, inFieldOrder(part ?? null, names)] as const);
  return Object.fromEntries(entries.toSorted(([a], [b]) => names.indexOf(a) - names.indexOf(b)));
}

/** A selector as JSON of Go has it: without what is empty, its fields in order. Undefined stays. */
export function labelSelectorForm(selector: LabelSelector | undefined): LabelSelector | undefined {
  if (selector === undefined || selector === null) return selector;
  const { matchLabels = {}, matchExpressions } = selector;
  return {
    ...(Object.keys(matchLabels).length === 0 ? {} : { matchLabels: sortedKeys(matchLabels) as Record<string, string> }),
    ...(matchExpressions === undefined || matchExpressions.length === 0 ? {} : { matchExpressions: matchExpressions.map(requirementForm) }),
  };
}

const requirementForm = ({ key, operator, values = [] }: LabelSelectorRequirement): LabelSelectorRequirement =>
  values.length === 0 ? { key, operator } : { key, operator, values };

const ownerFields = ['apiVersion', 'kind', 'name', 'uid', 'controller', 'blockOwnerDeletion'];
const mapFields: ReadonlySet<string> = new Set(['labels', 'annotations']);

const sortedKeys = (value: Json): Json =>
  isJsonObject(value) ? Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))) : value;

/** Fields whose name in JSON is another. */
const renamed: Readonly<Record<string, string>> = {
  BoolValue: 'bool',
  BoolValues: 'bools',
  CephMonitors: 'monitors',
  DataDiskURI: 'diskuri',
  DeprecatedServiceAccount: 'serviceaccount',
  DiscoveryCHAPAuth: 'chapauthdiscovery',
  DoNotUseExternalID: 'externalid',
  EndpointsName: 'endpoints',
  IntValue: 'int',
  IntValues: 'ints',
  LastTerminationState: 'laststate',
  RBDImage: 'image',
  RBDPool: 'pool',
  RadosUser: 'user',
  ReportingController: 'reportingcomponent',
  SessionCHAPAuth: 'chapauthsession',
  StringValue: 'string',
  StringValues: 'strings',
  VersionValue: 'version',
  VersionValues: 'versions',
};

function structForm(type: string, value: JsonObject): JsonObject {
  // The names differ in nothing but the case of their letters.
  const byName = new Map(Object.entries(value).map(([field, part]) => [field.toLowerCase(), part]));
  const form: JsonObject = {};
  for (const [tag, fieldType] of table().get(type) ?? []) {
    const [name = '', ...options] = tag.split(',');
    if (fieldType === '=TypeMeta') continue;
    if (name === '') {
      Object.assign(form, formOf(fieldType, fieldType === '=ObjectMeta' ? (value['metadata'] ?? {}) : value));
      continue;
    }
    const part = formOf(fieldType, byName.get(name.toLowerCase()) ?? byName.get(renamed[name] ?? ''));
    if (!options.includes('omitempty') || !isEmpty(part)) form[name] = part;
  }
  return form;
}

const isEmpty = (value: Json): boolean =>
  value === null || value === '' || value === 0 || value === false || (Array.isArray(value) && value.length === 0);
