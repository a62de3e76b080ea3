/**
 * JSON merge patches, RFC 7386. Written out because the packages that do it skip fields named `constructor` or
 * `__proto__`, which a ConfigMap may have.
 */
import { copy } from '../copy.ts';
import type { Json, JsonObject } from '../object.ts';
import { ownField, setOwn } from '../own-field.ts';
import { badRequest } from '../status-error.ts';

const isObject = (value: Json | undefined): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value);

/** The patched document; neither argument is changed. */
export function applyMergePatch(doc: JsonObject, patch: Json): JsonObject {
  if (isObject(patch)) return merged(doc, patch);
  if (patch === null) throw badRequest('Invalid JSON Patch');
  const found = Array.isArray(patch) ? 'array' : typeof patch === 'boolean' ? 'bool' : typeof patch;
  throw badRequest(`error decoding patch: json: cannot unmarshal ${found} into Go value of type map[string]interface {}`);
}

function merged(target: JsonObject, patch: JsonObject): JsonObject {
  const result: JsonObject = { ...target };
  for (const [field, value] of Object.entries(patch)) {
    const current = ownField(target, field);
    if (value === null) delete result[field];
    else if (isObject(value)) setOwn(result, field, merged(isObject(current) ? current : {}, value));
    else setOwn(result, field, isObject(current) ? copy(value) : withoutNulls(value));
  }
  return result;
}

/** What replaces nothing, or no object, loses the nulls of its objects. Source: evanphx/json-patch, merge.go, pruneNulls. */
function withoutNulls(value: Json): Json {
  if (Array.isArray(value)) return value.map(withoutNulls);
  return isObject(value) ? merged({}, value) : value;
}
