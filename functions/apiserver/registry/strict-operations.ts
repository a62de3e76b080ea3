/**
 * What strict validation finds in the operations of a JSON patch, before any is applied. Source: apiserver,
 * pkg/endpoints/handlers/patch.go, applyJSPatch.
 */
import { type Json, isJsonObject } from '../../kube/object.ts';
import { jsonType } from '../../kube/schema-walk.ts';
import { badRequest } from '../../kube/status-error.ts';

const fields: ReadonlySet<string> = new Set(['op', 'path', 'from', 'value']);
const texts = ['op', 'path', 'from'] as const;

/** The problems that a client is warned of. Throws a 400 where a value has the wrong type. */
export function operationProblems(patch: Json, duplicates: readonly string[]): string[] {
  const refuse = (value: Json, into: string) =>
    badRequest(`error decoding patch: json: cannot unmarshal ${jsonType(value)} into Go ${into}`);
  if (patch === null) return [];
  if (!Array.isArray(patch)) throw refuse(patch, 'value of type []handlers.jsonPatchOp');
  const unknown: string[] = [];
  for (const [index, operation] of patch.entries()) {
    if (operation === null) continue;
    if (!isJsonObject(operation)) throw refuse(operation, 'value of type handlers.jsonPatchOp');
    for (const field of texts) {
      const value = operation[field] ?? null;
      if (value !== null && typeof value !== 'string') throw refuse(value, `struct field jsonPatchOp.${field} of type string`);
    }
    for (const field of Object.keys(operation)) if (!fields.has(field)) unknown.push(`[${index}].${field}`);
  }
  return [
    ...unknown.map((path) => `json patch unknown field ${JSON.stringify(path)}`),
    ...duplicates.map((path) => `json patch duplicate field ${JSON.stringify(path)}`),
  ];
}
