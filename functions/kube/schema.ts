/**
 * Decoding by schema: what a client sent becomes what Go would have made of it. Unknown fields are dropped and reported,
 * and nulls are dropped. Quantities and times take their canonical form. Defaults that the API itself declares are filled
 * in. Definitions are compiled into functions once, when they are first met.
 */
import { copy } from './copy.ts';
import { disabledFieldsOf, droppedWhenEmptied, goFieldsOf, nullFieldsOf } from './go-fields.ts';
import { tooLargeNumber } from './json-document.ts';
import { type Json, type JsonObject, isJsonObject } from './object.ts';
import { ownField, setOwn } from './own-field.ts';
import type { SchemaNode } from './schema-definitions.ts';
import { definitionOf, referredName, resolved, shortName, valueNodeOf, versionOf } from './schema-definitions.ts';
import type { ScalarPlace } from './schema-scalars.ts';
import { isInteger, readBytes, scalarReaders } from './schema-scalars.ts';
import { coerce, structuralWalker } from './schema-structural.ts';
import type { Step, Walk, Walker } from './schema-walk.ts';
import { DecodeError, goTypeOf, mismatched, numberText, pathText, typeError, wrongForm } from './schema-walk.ts';
import { badRequest } from './status-error.ts';
import { nullEmptyLists } from './unstored-fields.ts';
import { isPointedScalar, isZero, omitsZero } from './zero-values.ts';

export { schemaFor } from './schema-definitions.ts';
export type { SchemaNode } from './schema-definitions.ts';
export { enumErrors } from './schema-errors.ts';

export interface Decoded {
  readonly object: JsonObject;
  /** Paths of fields that the schema does not have: `spec.containers[0].foo`. */
  readonly unknown: string[];
  /** What is stored in place of whole numbers that JavaScript cannot keep: a sentence each. */
  readonly rounded?: readonly string[];
}

export interface DecodeOptions {
  /** The kind that the message of a failure names; the schema's when left out. */
  readonly kind?: string;
  /** Texts of numbers that JavaScript would print otherwise, by path. */
  readonly numbers?: ReadonlyMap<string, string>;
  /** The value was merged as a map, as a strategic merge patch does: Go restores the object from it. */
  readonly isRestored?: boolean;
  /** Whether defaults are filled in; they are when left out. */
  readonly hasDefaults?: boolean;
  /** Keeps what is never stored: see `unstored-fields.ts`. */
  readonly isSent?: boolean;
  /** Keeps lists and maps without members, which Go would not write: what an apply emptied is shown so. */
  readonly keepsEmpty?: boolean;
}

/**
 * What is known of the fields of one kind. A value: two clusters of one process may have different ones for one kind.
 * References within it lead to built-in definitions.
 */
export interface Schema {
  /** `io.k8s.api.core.v1.Pod`: its last part is the name of the type, the one before it the version. */
  readonly name: string;
  readonly node: SchemaNode;
  /** Whether its fields are inline, as those of custom kinds are. */
  readonly isInline?: boolean;
  /** Throws 400 when a value has the wrong type. The result shares only free-form parts (`fieldsV1`) with `json`. */
  decode(json: Json, options?: DecodeOptions): Decoded;
  /** Drops what a valid object is never stored with. Changes in place. */
  settle(object: JsonObject): void;
}

const builtIns = new Map<string, Schema>();

/** The schema of that built-in definition. Nothing is read or compiled before it is used. */
export function builtIn(name: string): Schema {
  const known = builtIns.get(name);
  if (known !== undefined) return known;
  const schema: Schema = {
    name,
    get node() {
      return definitionOf(name);
    },
    decode: (json, options = {}) => decoded(name, structWalkerOf(name), json, options),
    settle: (object) => nullEmptyLists(object, name),
  };
  builtIns.set(name, schema);
  return schema;
}

const metadataNode: SchemaNode = { $ref: '#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta' };

let knownMetadataWalker: Walker | undefined;
const metadataWalker = (): Walker => (knownMetadataWalker ??= nodeWalker(metadataNode, 'ObjectMeta'));

/** A schema that has its fields inline. `name` ends as a built-in one does: `com.example.stable.v1.CronTab`. */
export function structuralSchema(name: string, node: SchemaNode): Schema {
  let walker: Walker | undefined;
  return {
    name,
    node,
    isInline: true,
    decode(json, options = {}) {
      const read = (walker ??= structuralWalker(node, metadataWalker()));
      const whole: Walker = (value, walk) => read(finite(value, walk), walk);
      return decoded(name, whole, json, options);
    },
    settle(object) {
      // What came from the stored object may be frozen.
      const whole = copy(object);
      coerce(whole, node, metadataWalker());
      for (const field of Object.keys(object)) if (whole[field] === undefined) delete object[field];
      Object.assign(object, whole);
    },
  };
}

function decoded(name: string, walker: (value: JsonObject, walk: Walk) => Json, json: Json, options: DecodeOptions): Decoded {
  const { numbers, isRestored = false, isSent = false, keepsEmpty = false, hasDefaults = true } = options;
  const walk: Walk = { steps: [], unknown: [], isRestored, isSent, keepsEmpty, hasDefaults, ...(numbers === undefined ? {} : { numbers }) };
  try {
    if (!isJsonObject(json)) throw wrongForm('struct', json, structType(name), { walk, structName: '' });
    const object = walker(json, walk);
    const { unknown, rounded, mismatch } = walk;
    if (mismatch !== undefined) throw mismatch;
    return { object: isJsonObject(object) ? object : {}, unknown, ...(rounded === undefined ? {} : { rounded }) };
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    const kind = options.kind ?? shortName(name);
    throw badRequest(`${kind} in version ${JSON.stringify(versionOf(name))} cannot be handled as a ${kind}: ${error.message}`);
  }
}

const structType = (schemaName: string): string => `${versionOf(schemaName)}.${shortName(schemaName)}`;

const freeForms: ReadonlySet<string> = new Set(['FieldsV1', 'Patch', 'RawExtension']);

/** Whether anything may be there. Other definitions without fields are empty structs to Go. */
function isFreeForm(schemaName: string): boolean {
  const { type, properties } = definitionOf(schemaName);
  return properties === undefined && (type !== 'object' || freeForms.has(shortName(schemaName)));
}

type StructWalker = (value: JsonObject, walk: Walk) => JsonObject;

const structWalkers = new Map<string, StructWalker>();

function structWalkerOf(schemaName: string): StructWalker {
  const walker = structWalkers.get(schemaName) ?? structWalker(schemaName);
  structWalkers.set(schemaName, walker);
  return walker;
}

interface StructField {
  readonly name: string;
  readonly step: Step;
  readonly walker: Walker;
  readonly omitsZero: boolean;
  /** Written as null when nothing is in it. */
  readonly isNull: boolean;
  /** A pointer to a scalar: '' and 0 are values, and null is none. */
  readonly isPointed: boolean;
  /** Go keeps a pointer to what holds nothing. */
  readonly isHolder: boolean;
  /** Read as any other, and dropped: the feature gate that would serve it is off. */
  readonly isDisabled: boolean;
  /** Its struct goes too when nothing is left of it. */
  readonly dropsEmptied: boolean;
}

/** Its fields are compiled when they are first met: definitions may refer to themselves. */
function structWalker(schemaName: string): StructWalker {
  if (isFreeForm(schemaName)) return finite;
  const { properties = {} } = definitionOf(schemaName);
  const fields = new Map<string, StructField>();
  const compile = (name: string): StructField | undefined => {
    const node = ownField(properties, name);
    if (node === undefined) return undefined;
    const { types = {}, embedded = {} } = goFieldsOf(schemaName);
    const via = Object.keys(embedded).find((struct) => embedded[struct]?.includes(name));
    const field: StructField = {
      name,
      step: via === undefined ? name : { field: name, via },
      walker: nodeWalker(node, shortName(schemaName), types[name]),
      omitsZero: omitsZero(schemaName, name),
      isNull: nullFieldsOf(schemaName).includes(name),
      isPointed: isPointedScalar(schemaName, name),
      isHolder: shortName(referredName(node) ?? '') === 'JSONSchemaPropsOrArray',
      isDisabled: disabledFieldsOf(schemaName).includes(name),
      dropsEmptied: droppedWhenEmptied.has(referredName(node) ?? ''),
    };
    fields.set(name, field);
    return field;
  };
  const written = zerosOf(schemaName, properties);
  const defaults = [...defaultsOf(properties, true), ...written];
  const zeros = [...defaultsOf(properties, false), ...written];

  return (value, walk) => {
    const result: JsonObject = {};
    for (const name of Object.keys(value)) {
      const field = fields.get(name) ?? compile(name);
      const part = value[name];
      if (field === undefined) walk.unknown.push(pathText(walk.steps, name));
      else if (part !== undefined && part !== null) readField(field, part, result, walk);
    }
    for (const [name, defaultOf] of walk.hasDefaults === false ? zeros : defaults) {
      if (result[name] === undefined) result[name] = defaultOf();
    }
    return result;
  };
}

function readField(field: StructField, value: Json, target: JsonObject, walk: Walk): void {
  walk.steps.push(field.step);
  const part = field.walker(value, walk);
  walk.steps.pop();
  const isSent = walk.isSent === true;
  if (part === null && !field.isNull) return;
  if (!isSent && (field.isDisabled || (field.dropsEmptied && isZero(part) && !isZero(value)))) return;
  if (field.isNull && isZero(part) && !field.isPointed) target[field.name] = isSent && Array.isArray(part) ? part : null;
  else if (!field.omitsZero || field.isHolder || !isZero(part) || (walk.keepsEmpty === true && isEmptyCollection(part)))
    target[field.name] = part;
}

const isEmptyCollection = (part: Json): boolean => (Array.isArray(part) ? part.length === 0 : isJsonObject(part));

type Default = readonly [field: string, value: () => Json];

/**
 * Defaults that Go would print; placeholders of fields that a client has to fill in are left to validation. Without
 * `hasValues`, only the structs that are always there.
 */
function defaultsOf(properties: Readonly<Record<string, SchemaNode>>, hasValues: boolean): Default[] {
  return Object.entries(properties).flatMap(([field, node]): Default[] => {
    const value = node.default;
    if (value === undefined) return [];
    const name = referredName(node);
    if (name !== undefined && isJsonObject(value))
      return [[field, () => structWalkerOf(name)(value, { steps: [], unknown: [], hasDefaults: hasValues })]];
    return isZero(value) || !hasValues ? [] : [[field, () => value]];
  });
}

/** What Go writes of fields that nothing set and that it does not leave out: the zero of their type, or null. */
function zerosOf(schemaName: string, properties: Readonly<Record<string, SchemaNode>>): Default[] {
  const { kept = [] } = goFieldsOf(schemaName);
  const zeros = kept.flatMap((field): Default[] => {
    const node = properties[field];
    return node === undefined ? [] : [[field, () => writtenZero(node)]];
  });
  return [...zeros, ...nullFieldsOf(schemaName).map((field): Default => [field, () => null])];
}

/** What Go writes of a field that nothing set and that it does not leave out. */
export function writtenZero(node: SchemaNode): Json {
  const scalar = shortName(referredName(node) ?? '');
  if (scalar === 'IntOrString') return 0;
  return scalar === 'Quantity' ? '0' : zeroOf(node);
}

/** For errors: `structName` is the struct that has the field, `goType` its type where the schema does not show it. */
function nodeWalker(node: SchemaNode, structName: string, goType = goTypeOf(node)): Walker {
  const name = referredName(node);
  if (name !== undefined) return referenceWalker(name, structName);
  if (node.items !== undefined) return listWalker(node.items, structName, goType);
  const values = valueNodeOf(node);
  if (values !== undefined) return mapWalker(values, structName, goType);
  return scalarWalker(node, structName, goType);
}

/** A type that reads itself knows nothing of where it stands when the object is restored. */
const placeOf = (value: Json, walk: Walk, structName: string): ScalarPlace => ({
  numberText: (number) => numberText(number, walk),
  wrongType: (goType) =>
    walk.isRestored === true ? typeError(value, goType, { ...walk, steps: [] }, '') : typeError(value, goType, walk, structName),
});

function referenceWalker(schemaName: string, structName: string): Walker {
  const scalar = scalarReaders.get(shortName(schemaName));
  if (scalar !== undefined) return (value, walk) => scalar(value, placeOf(value, walk, structName));
  const inner = schemaHolders[shortName(schemaName)];
  if (inner !== undefined)
    return schemaHolderWalker(`${schemaName.slice(0, schemaName.lastIndexOf('.') + 1)}JSONSchemaProps`, inner, structName);
  if (isFreeForm(schemaName)) return finite;
  const goType = structType(schemaName);
  let walker: StructWalker | undefined;
  return (value, walk) => {
    if (!isJsonObject(value)) return mismatched(wrongForm('struct', value, goType, { walk, structName }), walk);
    walker ??= structWalkerOf(schemaName);
    return walker(value, walk);
  };
}

/** Types of a CustomResourceDefinition that hold a schema or something else: what they make of the latter. */
const schemaHolders: Readonly<Record<string, (value: Json, read: (value: Json) => Json) => Json>> = {
  JSONSchemaPropsOrArray: (value, read) => (Array.isArray(value) ? value.map(read) : []),
  JSONSchemaPropsOrBool(value) {
    if (typeof value === 'boolean') return value;
    throw new DecodeError('boolean or JSON schema expected');
  },
  JSONSchemaPropsOrStringArray: (value) => (Array.isArray(value) ? value : null),
};

/**
 * Unknown fields of such a schema are dropped without an error. Its first value of the wrong type ends the reading.
 * Source: apiextensions/v1/marshal.go.
 */
function schemaHolderWalker(schemaName: string, other: NonNullable<(typeof schemaHolders)[string]>, structName: string): Walker {
  const schema = referenceWalker(schemaName, structName);
  return (value, walk) => {
    const { mismatch: _before, ...outside } = walk;
    const alone = { isRestored: false, steps: [] };
    const quiet: Walk = { ...outside, unknown: [], ...(walk.isRestored === true ? alone : { holder: walk.holder ?? structName }) };
    const result = isJsonObject(value) ? schema(value, quiet) : other(value, (item) => schema(item, quiet));
    if (quiet.mismatch !== undefined) throw quiet.mismatch;
    if (quiet.rounded !== undefined) walk.rounded = quiet.rounded;
    return result;
  };
}

function listWalker(items: SchemaNode, structName: string, goType: string): Walker {
  const walker = nodeWalker(items, structName, goType.startsWith('[]') ? goType.slice(2) : undefined);
  const nullItem = zeroOf(items);
  return (value, walk) => {
    if (!Array.isArray(value)) return mismatched(wrongForm('slice', value, goType, { walk, structName }), walk);
    const depth = walk.steps.length;
    const result = value.map((item, index) => {
      walk.steps[depth] = index;
      return walker(item ?? nullItem, walk);
    });
    walk.steps.length = depth;
    return result;
  };
}

function mapWalker(values: SchemaNode, structName: string, goType: string): Walker {
  const prefix = 'map[string]';
  const walker = nodeWalker(values, structName, goType.startsWith(prefix) ? goType.slice(prefix.length) : undefined);
  const nullValue = zeroOf(values);
  return (value, walk) => {
    if (!isJsonObject(value)) return mismatched(wrongForm('map', value, goType, { walk, structName }), walk);
    const result: JsonObject = {};
    for (const key of Object.keys(value)) {
      walk.steps.push({ key });
      setOwn(result, key, walker(value[key] ?? nullValue, walk));
      walk.steps.pop();
    }
    return result;
  };
}

/** What Go makes of a null inside a list or map. */
function zeroOf(node: SchemaNode): Json {
  if (referredName(node) !== undefined && resolved(node).properties !== undefined) return {};
  if (node.items !== undefined) return [];
  if (node.additionalProperties !== undefined) return {};
  if (node.type === 'integer' || node.type === 'number' || goTypeOf(node) === 'Quantity') return 0;
  return node.type === 'boolean' ? false : node.type === 'string' ? '' : null;
}

function scalarWalker(node: SchemaNode, structName: string, goType: string): Walker {
  const { type, format = 'int64' } = node;
  if (type === undefined || type === 'object') return finite;
  if (format === 'byte') return bytesWalker(structName, goType);
  const accepts: (value: Json, walk: Walk) => boolean =
    type === 'integer'
      ? (value, walk) => typeof value === 'number' && isInteger(numberText(value, walk), format)
      : (value) => typeof value === type && (type !== 'number' || Number.isFinite(value));
  return (value, walk) => {
    if (!accepts(value, walk)) {
      if (walk.isRestored === true && type === 'integer' && Number.isInteger(value)) return wrapped(value, format);
      return mismatched(wrongForm('scalar', value, goType, { walk, structName }), walk);
    }
    return typeof value === 'number' && !Number.isSafeInteger(value) && type === 'integer' ? keptInteger(value, walk) : value;
  };
}

/** What has no type may hold any number that Go has, too. Only unusual numbers have their texts in the walk. */
function finite<T extends Json>(value: T, { numbers }: Walk): T {
  const text = tooLargeNumber(numbers);
  if (text === undefined || isFiniteWithin(value)) return value;
  throw new DecodeError(`json: cannot unmarshal number ${text} into Go value of type float64`);
}

function isFiniteWithin(value: Json): boolean {
  if (typeof value === 'number') return Number.isFinite(value);
  return typeof value !== 'object' || value === null || Object.values(value).every((part) => isFiniteWithin(part ?? null));
}

/** Go's conversion keeps the low bits of a whole number that is too large for its field. */
const wrapped = (value: Json, format: string): Json => Number(BigInt.asIntN(format === 'int32' ? 32 : 64, BigInt(Number(value))));

/** Bytes are a list of small numbers to Go, which it also reads from base64. */
function bytesWalker(structName: string, goType: string): Walker {
  return (value, walk) => {
    if (typeof value === 'string') {
      if (walk.isRestored !== true) return bytesOrMismatch(value, walk);
      return prefixed('error decoding from json: ', () => readBytes(value));
    }
    if (!Array.isArray(value)) return mismatched(wrongForm('slice', value, goType, { walk, structName }), walk);
    return Buffer.from(value.map((item) => byteOf(item, { walk, structName }))).toString('base64');
  };
}

function bytesOrMismatch(value: string, walk: Walk): Json {
  try {
    return readBytes(value);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return mismatched(error, walk);
  }
}

const byteMax = 255;

function byteOf(value: Json, at: { readonly walk: Walk; readonly structName: string }): number {
  if (value === null) return 0;
  const isByte = typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= byteMax;
  if (isByte || (at.walk.isRestored === true && Number.isInteger(value))) return Number(value);
  return mismatched(wrongForm('scalar', value, 'uint8', at), at.walk) ?? 0;
}

function prefixed<T>(prefix: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    throw new DecodeError(`${prefix}${error.message}`, { cause: error });
  }
}

/**
 * The nearest number to the client's that is not larger and that JavaScript keeps: 9223372036854774784 for the largest of
 * Go's.
 */
function keptInteger(value: number, walk: Walk): number {
  const text = numberText(value, walk);
  const size = (number: number): bigint => (number < 0 ? -BigInt(number) : BigInt(number));
  const wanted = BigInt(text) < 0n ? -BigInt(text) : BigInt(text);
  const kept = size(value) > wanted ? value - Math.sign(value) * gapBelow(Math.abs(value)) : value;
  if (String(kept) !== text) (walk.rounded ??= []).push(`${pathText(walk.steps)}: ${text} is kept as ${kept}`);
  return kept;
}

/** How far the next smaller number is: half as far below a power of two as above it. */
function gapBelow(value: number): number {
  const exponent = Math.floor(Math.log2(value));
  const gap = 2 ** (exponent - 52);
  return value === 2 ** exponent ? gap / 2 : gap;
}
