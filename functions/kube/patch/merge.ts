/**
 * JSON merge patches, RFC 7386. Written out because the packages that do it skip fields named `constructor` or
 * `__proto__`, which a ConfigMap may have.
 */
import { copy } from '../copy.ts';
import { type Json, type JsonObject, isJsonObject } from '../object.ts';
import { ownField, setOwn } from '../own-field.ts';
import { badRequest } from '../status-error.ts';

/** The patched document; neither argument is changed. */
export function applyMergePatch(doc: JsonObject, patch: Json): JsonObject {
  if (isJsonObject(patch)) return merged(doc, patch);
  if (patch === null) throw badRequest('Invalid JSON Patch');
  const found = Array.isArray(patch) ? 'array' : typeof patch === 'boolean' ? 'bool' : typeof patch;
  throw badRequest(`error decoding patch: json: cannot unmarshal ${found} into Go value of type map[string]interface {}`);
}

function merged(target: JsonObject, patch: JsonObject): JsonObject {
  const result: JsonObject = { ...target };
  for (const [field, value] of Object.entries(patch)) {
    const current = ownField(target, field);
    if (value === null) delete result[field];
    else if (isJsonObject(value)) setOwn(result, field, merged(isJsonObject(current) ? current : {}, value));
    else setOwn(result, field, isJsonObject(current) ? copy(value) : withoutNulls(value));
  }
  return result;
}

/** What replaces nothing, or no object, loses the nulls of its objects. Source: evanphx/json-patch, merge.go, pruneNulls. */
function withoutNulls(value: Json): Json {
  if (Array.isArray(value)) return value.map(withoutNulls);
  return isJsonObject(value) ? merged({}, value) : value;
}
