/**
 * Removes the differences that two servers with equal answers must have. Each rule has its reason. What no rule names
 * is compared as it came. Values that a request itself named are never touched: they must come back.
 */
import type { Json, JsonObject } from '../../../functions/kube/object.ts';
import { isInRange } from './ip-range.ts';
import { cleanupFinalizer } from '../../../functions/kube/custom-resource-names.ts';
import { isObject } from '../json.ts';

export interface Normaliser {
  /** A JSON body, or an event of a watch. */
  body(value: Json): Json;
  text(text: string): string;
  headers(headers: Readonly<Record<string, string>>): Record<string, string>;
}

export interface Surroundings {
  /** Every request of the case as it was sent, in one text. */
  readonly requested: string;
  readonly serviceCidr: string;
  readonly nowMs: number;
}

interface Rule {
  readonly why: string;
  apply(text: string, names: Aliases, about: Surroundings): string;
}

/** The same value gets the same name for a whole case: that a uid stays, or a revision moves, is compared. */
interface Aliases {
  of(sort: string, value: string): string;
}

const uid = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
const time = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g;
const nearMs = 3_600_000;
const token = /eyJ[\w-]+\.[\w-]+\.[\w-]+/g;
/** A generated name keeps as much of its prefix. */
const prefixMax = 58;
const address = /\b\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}\b/g;

/** A text in quotes that begins as an object does, as Go quotes it. */
const quotedJson = /"\{(?:[^"\\]|\\.)*\}"/g;
/** In objects that a message holds as they are. */
const managedFields = /,"managedFields":\[.*?\}\]|"managedFields":\[.*?\}\],?/g;

function parsedJson(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Rules for any text: field values, messages, names of objects. */
const textRules: readonly Rule[] = [
  {
    why: 'each server draws its own uids',
    apply: (text, names, { requested }) => text.replaceAll(uid, (found) => (requested.includes(found) ? found : names.of('uid', found))),
  },
  {
    why: 'the requests arrive at different moments; whether seconds have fractions is compared',
    apply: (text, _names, { nowMs, requested }) =>
      text.replaceAll(time, (found, fraction?: string) =>
        Math.abs(Date.parse(found) - nowMs) > nearMs || requested.includes(found)
          ? found
          : `<now${fraction === undefined ? '' : '.micro'}>`,
      ),
  },
  { why: 'tokens are signed with keys of their own', apply: (text) => text.replaceAll(token, '<token>') },
  {
    why: 'a server chooses a free address of the range of Services',
    apply: (text, names, { requested, serviceCidr }) =>
      text.replaceAll(address, (found) => (!requested.includes(found) && isInRange(found, serviceCidr) ? names.of('ip', found) : found)),
  },
  {
    why: 'generated names end in five characters of chance',
    apply(text, names, { requested }) {
      const prefixes = [...requested.matchAll(/"generateName":\s*"([^"\\]+)"/g)].map(([, prefix = '']) => prefix.slice(0, prefixMax));
      return [...new Set([...prefixes, 'kube-api-access-'])].reduce(
        (result, prefix) =>
          result.replaceAll(
            new RegExp(`${prefix.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)}[bcdfghjklmnpqrstvwxz2456789]{5}(?![a-z0-9])`, 'g'),
            (found) => names.of(prefix, found),
          ),
        text,
      );
    },
  },
  {
    why: 'the current revision depends on all that was written before',
    apply: (text) =>
      text
        .replaceAll(/(too old resource version: \d+ )\(\d+\)/g, '$1(<revision>)')
        .replaceAll(/(Too large resource version: \d+, current: )\d+/g, '$1<revision>')
        .replaceAll(/(the ResourceVersion in record )\(\d+\)/g, '$1(<revision>)'),
  },
];

const chosenRange = (value: Json, _names: Aliases, { requested }: Surroundings): Json | undefined =>
  requested.includes('"podCIDR') ? value : undefined;

const sorted = (value: Json): Json =>
  Array.isArray(value) ? value.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)) : value;

const byManager = (value: Json): Json =>
  Array.isArray(value) ? value.toSorted((a, b) => (managerText(a) < managerText(b) ? -1 : 1)) : value;

const managerText = (entry: Json): string =>
  isObject(entry) ? JSON.stringify(['operation', 'manager', 'subresource', 'apiVersion'].map((name) => entry[name] ?? '')) : '';

/** Rules for fields, by their name. */
const fieldRules: Readonly<
  Record<string, { readonly why: string; apply(value: Json, names: Aliases, about: Surroundings): Json | undefined }>
> = {
  resourceVersion: {
    why: 'numbers of revisions depend on all that was written before; whether one moves is compared',
    apply: (value, names, { requested }) =>
      typeof value === 'string' && /^\d+$/.test(value) && !requested.includes(`"resourceVersion":"${value}"`)
        ? names.of('resourceVersion', value)
        : value,
  },
  causes: {
    why: 'upstream names conflicting managers in no order',
    apply: (value) => (JSON.stringify(value).includes('"FieldManagerConflict"') ? sorted(value) : value),
  },
  resourceRules: { why: 'rules of roles come in no order', apply: sorted },
  nonResourceRules: { why: 'rules of roles come in no order', apply: sorted },
  columnDefinitions: {
    why: 'descriptions of columns are in our own words; names, types, formats and priorities are compared',
    apply: (value) => (Array.isArray(value) ? value.map((column) => (isObject(column) ? { ...column, description: '' } : column)) : value),
  },
  podCIDR: { why: 'upstream leaves pod ranges to a controller, which does not run here', apply: chosenRange },
  podCIDRs: { why: 'upstream leaves pod ranges to a controller, which does not run here', apply: chosenRange },
  cells: {
    why: 'a table shows ages, which grow while a case runs, and ports of nodes, which a server chooses',
    apply: (value, names, about) =>
      Array.isArray(value) ? value.map((cell) => (typeof cell === 'string' ? chosenInCell(cell, names, about) : cell)) : value,
  },
  managedFields: { why: 'entries of one second have no order of their own, and seconds pass while a case runs', apply: byManager },
  continue: {
    why: 'a token is opaque and holds a revision; behind what a selector finds lie objects of other cases, or none by now',
    apply: (value, _names, { requested }) => (requested.includes('labelSelector=') ? undefined : value === '' ? value : '<continue>'),
  },
  nodePort: { why: 'a server chooses a free port of the range of node ports', apply: chosenPort },
  healthCheckNodePort: { why: 'a server chooses a free port of the range of node ports', apply: chosenPort },
};

/** A dry run of upstream answers with ports beyond the range. */
const portMax = 35_999;

function isChosenPort(port: number, { requested }: Surroundings): boolean {
  return port >= 30_000 && port <= portMax && !requested.includes(String(port));
}

function chosenPort(value: Json, names: Aliases, about: Surroundings): Json {
  return typeof value === 'number' && isChosenPort(value, about) ? names.of('port', String(value)) : value;
}

const chosenInCell = (cell: string, names: Aliases, about: Surroundings): string =>
  cell
    .replace(/^\d+s$/, '<age>')
    .replaceAll(/(?<=:)3\d{4}(?=\/)/g, (port) => `${isChosenPort(Number(port), about) ? names.of('port', port) : port}`);

/** The metadata of a list holds the revision of the whole store, which other requests move. */
function listMetadata(value: Json | undefined): Json | undefined {
  return isObject(value) && 'resourceVersion' in value ? { ...value, resourceVersion: '<revision>' } : value;
}

/** Kinds whose status controllers within the API servers write, at a moment of their own. */
const settledKinds: ReadonlySet<Json> = new Set(['CustomResourceDefinition', 'FlowSchema']);

const settlers: ReadonlySet<Json | undefined> = new Set(['kube-apiserver', 'api-priority-and-fairness-config-consumer-v1']);

const isSettling = (entry: Json): boolean => isObject(entry) && settlers.has(entry['manager']);

/** The object without what those controllers may or may not have written by now. */
function unsettled(value: JsonObject): JsonObject {
  const { metadata, status } = value;
  if (!settledKinds.has(value['kind'] ?? null) || !isObject(metadata)) return value;
  const { resourceVersion: _revision, managedFields, finalizers, ...kept } = metadata;
  const held = Array.isArray(finalizers) ? finalizers.filter((name) => name !== cleanupFinalizer) : [];
  const entries = Array.isArray(managedFields) ? managedFields.filter((entry) => !isSettling(entry)) : [];
  const { conditions: _conditions, acceptedNames: _names, ...rest } = isObject(status) ? status : {};
  return {
    ...value,
    metadata: { ...kept, ...(held.length === 0 ? {} : { finalizers: held }), ...(entries.length === 0 ? {} : { managedFields: entries }) },
    status: rest,
  };
}

const typedErrors = /(failed to create typed patch object \([^)]*\): errors:\n)([^]*)$/;
const undeclared = /(failed to create typed patch object \([^)]*\): )(?:errors:\n)?(?=[^]*field not declared in schema)[^]*$/;

/** Two causes below keys of one map of device attributes. Source: pkg/apis/resource/validation/validation.go, validateMap. */
function hasCausesOfOneMap(causes: readonly Json[]): boolean {
  const keys = causes.flatMap((cause) => {
    const field = isObject(cause) && typeof cause['field'] === 'string' ? cause['field'] : '';
    return /^.*\.(?:attributes|capacity|counters)\[[^\]]*\]/.exec(field)?.[0] ?? [];
  });
  const maps = [...new Set(keys)].map((key) => key.slice(0, key.lastIndexOf('[')));
  return new Set(maps).size < maps.length;
}

/** Errors that upstream finds while it walks through maps, which Go does in no order. */
function unordered(value: JsonObject): JsonObject {
  const { message, details } = value;
  if (value['kind'] !== 'Status' || typeof message !== 'string') return value;
  // A field that is not declared ends the walk through its neighbours.
  if (undeclared.test(message)) return { ...value, message: message.replace(undeclared, '$1<fields not declared>') };
  const typed = typedErrors.exec(message);
  if (typed !== null) {
    const [, start = '', lines = ''] = typed;
    return { ...value, message: message.slice(0, typed.index) + start + lines.split('\n').toSorted().join('\n') };
  }
  const causes = isObject(details) && Array.isArray(details['causes']) ? details['causes'] : [];
  const isWalked = causes.some((cause) => JSON.stringify(cause).includes(' in body ')) || hasCausesOfOneMap(causes);
  if (!isObject(details) || !isWalked) return value;
  return { ...value, message: message.replace(/ is invalid: [^]*$/, ' is invalid'), details: { ...details, causes: sorted(causes) } };
}

/** A bookmark holds the revision of the whole store, in a table in its row, too. */
function withoutRevisions(value: Json): Json {
  if (Array.isArray(value)) return value.map(withoutRevisions);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, part]) => [name, name === 'resourceVersion' ? '<revision>' : withoutRevisions(part ?? null)]),
  );
}

/** Headers that are compared; the others belong to one exchange (date, length, audit-id, connection). */
const comparedHeaders = ['content-type', 'cache-control', 'allow', 'retry-after', 'location', 'www-authenticate'];

function createAliases(): Aliases {
  const known = new Map<string, Map<string, string>>();
  return {
    of(sort, value) {
      const names = known.get(sort) ?? new Map<string, string>();
      known.set(sort, names);
      const name = names.get(value) ?? `<${sort} ${names.size + 1}>`;
      names.set(value, name);
      return name;
    },
  };
}

/** Makes a normaliser: one for each server and case. */
export function createNormaliser(about: Surroundings): Normaliser {
  const names = createAliases();
  const ruled = (value: string): string => textRules.reduce((result, rule) => rule.apply(result, names, about), value);
  // Some messages quote a whole object: its fields have no order, and what must differ in them is the same as elsewhere.
  const text = (value: string): string =>
    ruled(
      value.replaceAll(managedFields, '').replaceAll(quotedJson, (quoted) => {
        const inner = parsedJson(quoted);
        const quotedObject = typeof inner === 'string' ? parsedJson(inner) : undefined;
        return isObject(quotedObject) ? JSON.stringify(JSON.stringify(body(quotedObject))) : quoted;
      }),
    );
  const object = (given: JsonObject): JsonObject => {
    const value = unordered(unsettled(given));
    const isList = 'items' in value || 'rows' in value || value['type'] === 'BOOKMARK';
    const result: JsonObject = {};
    for (const name of Object.keys(value).sort()) {
      const part = isList && name === 'metadata' ? listMetadata(value[name]) : value[name];
      if (part === undefined) continue;
      if (value['type'] === 'BOOKMARK' && name === 'object') {
        result[name] = body(withoutRevisions(part));
        continue;
      }
      const changed = fieldRules[name] === undefined ? part : fieldRules[name].apply(part, names, about);
      if (changed !== undefined) result[text(name)] = body(changed);
    }
    return result;
  };
  const body = (value: Json): Json => {
    if (typeof value === 'string') return text(value);
    if (Array.isArray(value)) return value.map(body);
    return isObject(value) ? object(value) : value;
  };
  return {
    body,
    text,
    headers: (headers) =>
      Object.fromEntries(comparedHeaders.flatMap((name) => (headers[name] === undefined ? [] : [[name, headers[name]]]))),
  };
}
