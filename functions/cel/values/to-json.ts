/** Values as JSON: what expressions make for patches. */
import type { Json, JsonObject } from '../../kube/object.ts';
import { setOwn } from '../../kube/own-field.ts';
import { durationText, timestampText } from './time.ts';
import { type CelValue, Duration, Failure, isList, isMap, isObjectValue, Timestamp, Uint } from './value.ts';

/** A failure where the value has no form in JSON. */
export function toJson(value: CelValue): Json | Failure {
  if (typeof value === 'bigint') return Number(value);
  return typeof value === 'object' && value !== null ? objectJson(value) : value;
}

function objectJson(value: Exclude<CelValue, null | boolean | bigint | number | string>): Json | Failure {
  if (value instanceof Uint) return Number(value.value);
  if (value instanceof Timestamp) return timestampText(value);
  if (value instanceof Duration) return durationText(value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (isList(value)) return listJson(value);
  if (isMap(value)) return entriesJson(value.keys().map((key) => [key, value.get(key) ?? null]));
  if (isObjectValue(value)) return entriesJson(value.fieldNames().map((name) => [name, value.field(name) ?? null]));
  return new Failure(
    `type conversion error from '${value instanceof Object && 'type' in value ? value.type.name : 'optional_type'}' to 'google.protobuf.Value'`,
  );
}

function listJson(list: readonly CelValue[]): Json | Failure {
  const items: Json[] = [];
  for (const item of list) {
    const json = toJson(item);
    if (json instanceof Failure) return json;
    items.push(json);
  }
  return items;
}

function entriesJson(entries: readonly (readonly [CelValue, CelValue])[]): JsonObject | Failure {
  const result: JsonObject = {};
  for (const [key, value] of entries) {
    const json = toJson(value);
    if (json instanceof Failure) return json;
    const name = key instanceof Uint ? key.value : key;
    if (typeof name === 'object') return new Failure('unsupported key type');
    setOwn(result, String(name), json);
  }
  return result;
}
