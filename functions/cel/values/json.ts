/** JSON as values of expressions: by its declared type, or as upstream reads it where nothing is declared. */
import type { Json, JsonObject } from '../../kube/object.ts';
import { ownField } from '../../kube/own-field.ts';
import { type DeclaredType, isDeclaredObject, selectedField } from '../declared-type.ts';
import { parseDuration, parseTimestamp } from './time.ts';
import { type CelMap, type CelObject, type CelValue, Duration, Failure } from './value.ts';

/** How lists that stand for sets or maps compare: without regard to order. */
export interface ListIdentity {
  readonly kind: 'set' | 'map';
  readonly keys: readonly string[];
}

const identities = new WeakMap<readonly CelValue[], ListIdentity>();
export const identityOf = (list: readonly CelValue[]): ListIdentity | undefined => identities.get(list);

export function withIdentity(list: readonly CelValue[], identity: ListIdentity | undefined): readonly CelValue[] {
  if (identity !== undefined) identities.set(list, identity);
  return list;
}

export function jsonValue(json: Json, declared?: DeclaredType): CelValue {
  if (json === null) return null;
  if (Array.isArray(json)) {
    const list = json.map((item) => jsonValue(item, declared?.element));
    return withIdentity(list, declared?.identity);
  }
  if (typeof json === 'boolean') return json;
  if (typeof json === 'number') return Number.isInteger(json) && declared?.type.kind !== 'double' ? BigInt(json) : json;
  if (typeof json === 'string') return stringValue(json, declared);
  return declared !== undefined && isDeclaredObject(declared) ? new JsonStruct(json, declared) : new JsonMap(json, declared?.element);
}

function stringValue(text: string, declared: DeclaredType | undefined): CelValue {
  const kind = declared?.type.kind;
  if (kind === 'duration') {
    const read = parseDuration(text);
    return read instanceof Failure ? new Duration(0n) : read;
  }
  if (kind === 'timestamp') {
    const read = parseTimestamp(declared?.isDate === true ? `${text}T00:00:00Z` : text);
    return read instanceof Failure ? text : read;
  }
  return kind === 'bytes' ? Buffer.from(text, 'base64') : text;
}

class JsonMap implements CelMap {
  readonly isMap = true;
  private readonly json: JsonObject;
  private readonly element: DeclaredType | undefined;
  private readonly read = new Map<string, CelValue>();
  private names: readonly string[] | undefined;

  constructor(json: JsonObject, element: DeclaredType | undefined) {
    this.json = json;
    this.element = element;
  }

  get size(): number {
    return this.keys().length;
  }

  get(key: CelValue): CelValue | undefined {
    if (typeof key !== 'string') return undefined;
    const known = this.read.get(key);
    if (known !== undefined) return known;
    const json = ownField(this.json, key);
    if (json === undefined) return undefined;
    const value = jsonValue(json, this.element);
    this.read.set(key, value);
    return value;
  }

  keys(): readonly string[] {
    this.names ??= Object.keys(this.json).filter((name) => ownField(this.json, name) !== undefined);
    return this.names;
  }
}

class JsonStruct implements CelObject {
  readonly isObject = true;
  readonly type;
  private readonly json: JsonObject;
  private readonly declared: DeclaredType;
  private readonly read = new Map<string, CelValue>();

  constructor(json: JsonObject, declared: DeclaredType) {
    this.json = json;
    this.declared = declared;
    this.type = declared.type;
  }

  field(name: string): CelValue | undefined {
    const known = this.read.get(name);
    if (known !== undefined) return known;
    const field = selectedField(this.declared, name);
    const json = field === undefined ? undefined : ownField(this.json, field.jsonName);
    if (field === undefined || json === undefined) return undefined;
    const value = jsonValue(json, field.declared);
    this.read.set(name, value);
    return value;
  }

  fieldNames(): readonly string[] {
    return [...(this.declared.fields?.entries() ?? [])]
      .filter(([, { jsonName }]) => ownField(this.json, jsonName) !== undefined)
      .map(([name]) => name);
  }
}
