/** JSON patches, RFC 6902. Source: apiserver, pkg/endpoints/handlers/patch.go. */
import type { Operation } from 'rfc6902';
import { applyPatch } from 'rfc6902';
import { copy } from '../copy.ts';
import type { Json, JsonObject } from '../object.ts';
import { StatusError, badRequest } from '../status-error.ts';

const operationsMax = 10_000;

/** The patched document; neither argument is changed. */
export function applyJsonPatch(doc: JsonObject, patch: Json): JsonObject {
  if (!Array.isArray(patch)) throw badRequest(`json: cannot unmarshal ${typeof patch} into Go value of type jsonpatch.Patch`);
  if (patch.length > operationsMax) {
    const message = `The allowed maximum operations in a JSON patch is ${operationsMax}, got ${patch.length}`;
    throw new StatusError(413, 'RequestEntityTooLarge', `Request entity too large: ${message}`);
  }
  const root: JsonObject = { doc: copy(doc) };
  for (const operation of patch) applyOperation(root, operationOf(operation));
  const result = root['doc'];
  if (typeof result === 'object' && result !== null && !Array.isArray(result)) return result;
  throw rejected();
}

/** Paths start below `doc`, so that a patch may replace the whole document too. */
function operationOf(value: Json): Operation {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw rejected();
  const { op, path, from } = value;
  if (typeof path !== 'string' || !isPointer(path)) throw rejected();
  const target = { path: `/doc${path}` };
  if (op === 'remove') return { op, ...target };
  if (op === 'move' || op === 'copy') {
    if (typeof from !== 'string' || !isPointer(from)) throw rejected();
    return { op, from: `/doc${from}`, ...target };
  }
  if (op !== 'add' && op !== 'replace' && op !== 'test') throw rejected();
  return { op, ...target, value: copy(value['value'] ?? null) };
}

const isPointer = (path: string): boolean => path === '' || path.startsWith('/');

function applyOperation(root: JsonObject, operation: Operation): void {
  // The library asks for a list, and answers with one result for each operation.
  const [failure] = applyPatch(root, [operation]);
  if (failure !== null && failure !== undefined) throw rejected(failure);
}

/** Upstream does not tell clients which operation failed. */
const rejected = (cause?: Error): StatusError =>
  new StatusError(422, 'Invalid', 'the server rejected our request due to an error in our request', { details: {}, cause });
