/**
 * JSON patches, RFC 6902, with the negative indexes that upstream's library allows. Written out because the package for
 * it crashes on paths through scalars. It also takes what objects inherit (`length`, `constructor`) for fields.
 * Source: apiserver, pkg/endpoints/handlers/patch.go; evanphx/json-patch v4, patch.go.
 */
import { copy } from '../copy.ts';
import { deepEqual } from '../equality.ts';
import { type Json, type JsonObject, isJsonObject } from '../object.ts';
import { ownField, setOwn } from '../own-field.ts';
import { jsonType } from '../schema-walk.ts';
import { StatusError, badRequest } from '../status-error.ts';

const operationsMax = 10_000;
/** Copies may double a document with every operation. */
const copiedBytesMax = 3 * 1024 * 1024;

/** The patched document; neither argument is changed. */
export function applyJsonPatch(doc: JsonObject, patch: Json): JsonObject {
  if (patch === null) return copy(doc);
  if (!Array.isArray(patch)) throw badRequest(`json: cannot unmarshal ${jsonType(patch)} into Go value of type jsonpatch.Patch`);
  if (patch.length > operationsMax) {
    const message = `The allowed maximum operations in a JSON patch is ${operationsMax}, got ${patch.length}`;
    throw new StatusError(413, 'RequestEntityTooLarge', `Request entity too large: ${message}`);
  }
  // The document hangs below a root, so that a patch may replace all of it.
  const root: JsonObject = { doc: copy(doc) };
  const opened = new Set<JsonObject>();
  let copiedBytes = 0;
  for (const operation of patch) {
    if (operation === null) throw rejected();
    if (!isJsonObject(operation))
      throw badRequest(`json: cannot unmarshal ${jsonType(operation)} into Go value of type jsonpatch.Operation`);
    if (operation['op'] === 'copy') copiedBytes += JSON.stringify(copied(locate(root, operation['from']))).length;
    if (copiedBytes > copiedBytesMax) throw rejected();
    applyOperation(root, operation);
    for (const object of objectsAlong(root, operation['path'])) opened.add(object);
  }
  for (const object of opened) sortFields(object);
  const result = root['doc'];
  if (isJsonObject(result)) return result;
  throw rejected();
}

/** The objects that a path leads through, as far as they are there. */
function* objectsAlong(root: JsonObject, path: Json | undefined): Generator<JsonObject> {
  let place: Json | undefined = root['doc'];
  for (const step of typeof path === 'string' ? path.split('/').slice(1) : []) {
    if (typeof place !== 'object' || place === null) return;
    if (isJsonObject(place)) yield place;
    place = valueAt({ parent: place, step: step.replaceAll('~1', '/').replaceAll('~0', '~'), path: '' });
  }
}

/** Upstream's library writes the objects that it has opened as Go writes maps: decoding meets their fields in that order. */
function sortFields(object: JsonObject): void {
  for (const name of Object.keys(object).toSorted()) {
    const value = object[name];
    delete object[name];
    if (value !== undefined) setOwn(object, name, value);
  }
}

/** Upstream does not show clients which operation failed; the cause does, in its library's words. */
const rejected = (why = ''): StatusError =>
  new StatusError(422, 'Invalid', 'the server rejected our request due to an error in our request', {
    details: {},
    ...(why === '' ? {} : { cause: new Error(why) }),
  });

function applyOperation(root: JsonObject, operation: JsonObject): void {
  const op = typeof operation['op'] === 'string' ? operation['op'] : 'unknown';
  const target = locate(root, operation['path'], op);
  const value = copy(ownField(operation, 'value') ?? null);
  switch (op) {
    case 'add':
      return add(target, value);
    case 'remove':
      return remove(target);
    case 'replace':
      return replace(target, value);
    case 'copy':
      return add(target, copy(copied(locate(root, operation['from']))));
    case 'move':
      return move(root, operation);
    case 'test':
      if (!deepEqual(valueAt(target) ?? null, value)) throw rejected(`testing value ${target.path} failed: test failed`);
      return;
    default:
      throw rejected();
  }
}

/** The last step of a path, and the list or object that it is a step into. */
interface Location {
  readonly parent: JsonObject | Json[];
  readonly step: string;
  readonly path: string;
}

function locate(root: JsonObject, path: Json | undefined, operation = 'copy'): Location {
  if (typeof path !== 'string' || (path !== '' && !path.startsWith('/'))) throw rejected();
  const steps = `/doc${path}`.split('/').map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
  let parent: JsonObject | Json[] = root;
  for (const step of steps.slice(1, -1)) {
    const next: Json | undefined = valueAt({ parent, step, path });
    if (typeof next !== 'object' || next === null) throw rejected(missingPath(path, operation));
    parent = next;
  }
  return { parent, step: steps.at(-1) ?? '', path };
}

const missingPath = (path: string, operation: string): string =>
  `${operation} operation does not apply: doc is missing path: ${operation === 'replace' ? path : JSON.stringify(path)}: missing value`;

/** Where in a list of that length; negative steps count from its end. */
function indexOf(step: string, length: number): number | undefined {
  if (!/^-?\d+$/.test(step)) return undefined;
  const index = Number(step) < 0 ? Number(step) + length : Number(step);
  return index >= 0 && index < length ? index : undefined;
}

function valueAt({ parent, step }: Location): Json | undefined {
  if (!Array.isArray(parent)) return ownField(parent, step);
  const index = indexOf(step, parent.length);
  return index === undefined ? undefined : parent[index];
}

function existing(location: Location): Json {
  const value = valueAt(location);
  if (value === undefined) throw rejected();
  return value;
}

/** A field that is not there is copied as null; an index has to be there. */
const copied = (location: Location): Json => (Array.isArray(location.parent) ? existing(location) : (valueAt(location) ?? null));

function add({ parent, step }: Location, value: Json): void {
  if (!Array.isArray(parent)) return setOwn(parent, step, value);
  const index = step === '-' ? parent.length : indexOf(step, parent.length + 1);
  if (index === undefined) throw rejected();
  parent.splice(index, 0, value);
}

function remove(location: Location): void {
  const { parent, step, path } = location;
  if (valueAt(location) === undefined)
    throw rejected(`error in remove for path: '${path}': Unable to remove nonexistent key: ${step}: missing value`);
  if (Array.isArray(parent)) parent.splice(indexOf(step, parent.length) ?? parent.length, 1);
  else delete parent[step];
}

/** A field may be absent, which the library does not check; a place in a list may not. */
function replace(location: Location, value: Json): void {
  const { parent, step } = location;
  if (!Array.isArray(parent)) return setOwn(parent, step, value);
  existing(location);
  parent[indexOf(step, parent.length) ?? parent.length] = value;
}

function move(root: JsonObject, { from, path }: JsonObject): void {
  const source = locate(root, from);
  const value = existing(source);
  remove(source);
  // Only now: a move into itself has lost its target.
  add(locate(root, path), value);
}
