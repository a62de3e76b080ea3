/**
 * From what a client sent to an object of the expected kind: pruned, defaulted, and refused in upstream's words.
 * Source: apiserver, pkg/endpoints/handlers/{create,update,rest}.go.
 */
import { DocumentError } from '../../kube/document-error.ts';
import { type Json, type JsonObject, type KubeObject, nameOf, isJsonObject } from '../../kube/object.ts';
import { type Schema, schemaFor } from '../../kube/schema.ts';
import { shareScheme } from '../../kube/schema-definitions.ts';
import { badRequest, hasReason, StatusError } from '../../kube/status-error.ts';
import { jsonType } from '../../kube/schema-walk.ts';
import { type Body, mediaTypeOf, parsedBody, readBytes, versionProblem } from '../http/request-body.ts';
import type { FieldValidation } from '../http/request-options.ts';
import type { ServedKind } from './resource-index.ts';
import { toStored } from './served-form.ts';

export interface Expected {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly schema: Schema;
  /** Where upstream keeps the type of which this is a version; the group itself when left out. */
  readonly internalGroup?: string;
}

export interface DecodeOptions {
  readonly fieldValidation: FieldValidation;
  readonly warnings: Set<string>;
  /** Keeps what is never stored, for the managers of fields; `recordFields` drops it. */
  readonly isSent?: boolean;
}

const apiVersionText = ({ group, version }: Pick<Expected, 'group' | 'version'>): string =>
  group === '' ? version : `${group}/${version}`;

/** Reads the body of a request as an object of the expected kind. */
export async function readObject(request: Request, expected: Expected, options: DecodeOptions): Promise<KubeObject> {
  const bytes = await readBytes(request);
  try {
    return decodeBody(await parsedBody(request, bytes), expected, { ...options, text: () => Buffer.from(bytes).toString('utf8') });
  } catch (error) {
    if (!(error instanceof DocumentError)) throw error;
    const isKnown =
      otherFormats.includes(mediaTypeOf(request)) || [unexpectedVersion, 'Object '].some((known) => error.message.startsWith(known));
    const problem = isKnown ? error.message : jsonProblem(error.message);
    const message = `the object provided is unrecognized (must be of type ${expected.kind}): ${problem} (${summaryOf(bytes)})`;
    throw new StatusError(400, 'BadRequest', message, { cause: error });
  }
}

/** The same for a body that is there already as JSON. */
export const decodeValue = (value: JsonObject, expected: Expected, options: DecodeOptions): KubeObject =>
  decodeBody({ value, duplicates: [] }, expected, { ...options, text: () => JSON.stringify(value) });

const otherFormats = ['application/yaml', 'application/vnd.kubernetes.protobuf'];

export const unexpectedVersion = 'unexpected GroupVersion string:';

const jsonProblem = (why: string): string => (why.startsWith(versionProblem) ? why : `${versionProblem}${why}`);

interface BodyOptions extends DecodeOptions {
  /** The body as the client sent it. */
  text(): string;
}

function decodeBody(body: Body | undefined, expected: Expected, options: BodyOptions): KubeObject {
  const value = objectOf(body);
  if (expected.schema.isInline === true) checkCustomIdentity(value, expected, options);
  const apiVersion = identityField(value, 'apiVersion') || apiVersionText(expected);
  const kind = identityField(value, 'kind') || expected.kind;
  if (slashes(apiVersion) > 1) throw new DocumentError(`${unexpectedVersion} ${apiVersion}`);
  if (expected.schema.isInline === true && !isOfType(value, expected)) return bodyOfOther(value, expected, { ...options, body });
  checkKind(apiVersion, kind, expected);
  // Version and kind come first in the stored object, whatever their order in the client's document.
  const identity = { apiVersion, kind };
  const numbers = body?.numbers === undefined ? {} : { numbers: body.numbers };
  const { object, unknown, rounded } = expected.schema.decode(
    { ...identity, ...value, ...identity },
    { kind: expected.kind, isSent: options.isSent === true, ...numbers },
  );
  warnOfRounding(rounded, options.warnings);
  const errors = strictErrors(value, { unknown, duplicates: body?.duplicates ?? [] });
  report(errors, options, (text) =>
    badRequest(`${kind} in version ${JSON.stringify(expected.version)} cannot be handled as a ${expected.kind}: ${text}`),
  );
  return keepSentManagers(value, withMetadata(object));
}

/**
 * The object of a write in its stored form, with the kind's defaults: `decoded` is in the version that the client speaks
 * and may be changed. Times that it lacks are filled in where a client sent it, `nowMs`.
 */
export function storedForm({ definition, served }: ServedKind, decoded: KubeObject, nowMs?: number): KubeObject {
  const object = toStored(served, decoded);
  definition.setDefaults?.(object);
  if (nowMs !== undefined) definition.setDefaultTimes?.(object, nowMs);
  return object;
}

/** Source: apimachinery, pkg/runtime/serializer/json/json.go, and customresource_handler.go, unstructuredSchemaCoercer. */
function checkCustomIdentity(value: JsonObject, expected: Expected, { fieldValidation, text }: BodyOptions): void {
  const refuse = (version: string, why: string): StatusError =>
    badRequest(`${expected.kind} in version ${JSON.stringify(version)} cannot be handled as a ${expected.kind}: ${why}`);
  const { apiVersion, kind } = value;
  if (!kind) {
    const missing = `Object 'Kind' is missing in '${text()}'`;
    throw fieldValidation === 'Ignore' ? refuse(versionIn(textOf(apiVersion) || expected.version), missing) : new DocumentError(missing);
  }
  if (apiVersion === null) throw refuse('', '.apiVersion accessor error: <nil> is of the type <nil>, expected string');
}

function bodyOfOther(value: JsonObject, expected: Expected, options: DecodeOptions & { readonly body: Body | undefined }): KubeObject {
  const [kind, want] = [textOf(value['kind']), apiVersionText(expected)];
  const given = textOf(value['apiVersion']).replace(/^\//, '');
  const refuse = (as: string, why: string): StatusError =>
    badRequest(`${kind} in version ${JSON.stringify(versionIn(given))} cannot be handled as a ${as}: ${why}`);
  const { object, unknown } = decodedOther(value, expected, (why) => refuse(expected.kind, why));
  report(strictErrors(value, { unknown, duplicates: options.body?.duplicates ?? [] }), options, (why) => refuse(kind, why));
  if (given !== want) throw badRequest(`the API version in the data (${given}) does not match the expected API version (${want})`);
  return keepSentManagers(value, object);
}

/** Whether a document for a custom kind names that kind in the version of the request. */
export const isOfType = (value: JsonObject, expected: Expected): boolean =>
  value['apiVersion'] === apiVersionText(expected) && value['kind'] === expected.kind;

/**
 * An object of another type that was sent to a custom kind: only its metadata is read, and its validation names the type.
 * Source: customresource_handler.go, unstructuredSchemaCoercer.
 */
export function decodedOther(
  value: JsonObject,
  expected: Expected,
  refuse: (why: string) => StatusError,
): { readonly object: KubeObject; readonly unknown: readonly string[] } {
  const { kind, schema } = expected;
  // A group without a name goes with its slash.
  const apiVersion = textOf(value['apiVersion']).replace(/^\//, '');
  const sent = { apiVersion: apiVersionText(expected), kind, ...('metadata' in value ? { metadata: value['metadata'] ?? null } : {}) };
  try {
    const { object, unknown } = schema.decode(sent, { kind, hasDefaults: false, isSent: true });
    return { object: withMetadata({ ...value, apiVersion, metadata: object['metadata'] ?? {} }), unknown };
  } catch (error) {
    // The sentence about the kind is of the request, not of the document.
    if (hasReason(error, 'BadRequest')) throw refuse(error.message.replace(/^.* cannot be handled as a \w+: /, ''));
    throw error;
  }
}

const versionIn = (apiVersion: string): string => apiVersion.split('/').at(-1) ?? '';

/** The object is in the namespace of its URL by now. Source: apiserver, pkg/endpoints/handlers/rest.go, checkName. */
export function checkName(object: KubeObject, name: string): void {
  const given = nameOf(object);
  if (given === '') throw badRequest(`the name of the object (${name} based on URL) was undeterminable: name must be provided`);
  if (given !== name) throw badRequest(`the name of the object (${given}) does not match the name on the URL (${name})`);
}

/** Go reads these two whatever the case of their letters; the last one counts. */
const identityField = (value: JsonObject, field: 'apiVersion' | 'kind'): string =>
  textOf(Object.entries(value).findLast(([name]) => name.toLowerCase() === field.toLowerCase())?.[1]);

export const textOf = (value: Json | undefined): string => (typeof value === 'string' ? value : '');

/** apiVersion and kind are read before the other fields. Null is an object without fields. */
export function objectOf(body: Body | undefined): JsonObject {
  const unrecognized = (why: string): DocumentError => new DocumentError(`${versionProblem}${why}`);
  if (body === undefined) throw unrecognized('unexpected end of JSON input');
  if (body.value === null) return {};
  if (!isJsonObject(body.value)) {
    const fields = 'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }';
    throw unrecognized(`json: cannot unmarshal ${jsonType(body.value)} into Go value of type ${fields}`);
  }
  for (const [field, value] of Object.entries(body.value)) {
    if ((field !== 'kind' && field !== 'apiVersion') || typeof value === 'string' || value === null || value === undefined) continue;
    throw unrecognized(`json: cannot unmarshal ${jsonType(value)} into Go struct field .${field} of type string`);
  }
  return body.value;
}

const summaryBytesMax = 30;

/** Source: apiserver, pkg/endpoints/handlers/rest.go, summarizeData. */
function summaryOf(bytes: Uint8Array): string {
  if (bytes.byteLength === 0) return '<empty>';
  const start = Buffer.from(bytes.subarray(0, summaryBytesMax)).toString(bytes[0] === openingBrace ? 'utf8' : 'hex');
  return bytes.byteLength > summaryBytesMax ? `${start} ...` : start;
}

const openingBrace = 0x7b;

/** Go's error for a kind that it has no type for. */
export const notRegistered = (kind: string, apiVersion: string): string =>
  `no kind ${JSON.stringify(kind)} is registered for version ${JSON.stringify(apiVersion.replace(/^\//, ''))} in scheme "pkg/runtime/scheme.go:111"`;

/** A version has one at most, after its group. */
export const slashes = (apiVersion: string): number => apiVersion.split('/').length - 1;

function checkKind(apiVersion: string, kind: string, expected: Expected): void {
  const [version = '', group = ''] = apiVersion.split('/').reverse();
  if (apiVersion === apiVersionText(expected) && kind === expected.kind) return;
  const refuse = (why: string): StatusError =>
    badRequest(`${kind} in version ${JSON.stringify(version)} cannot be handled as a ${expected.kind}: ${why}`);
  if (schemaFor(apiVersion, kind) === undefined || !shareScheme(group, expected.group)) {
    throw refuse(notRegistered(kind, group === '' ? version : apiVersion));
  }
  if (kind === expected.kind) {
    const want = apiVersionText(expected);
    throw badRequest(`the API version in the data (${apiVersion}) does not match the expected API version (${want})`);
  }
  throw refuse(
    `converting (${goPackage(group, version)}.${kind}) to (${goPackage(expected.internalGroup ?? expected.group, '')}.${expected.kind}): unknown conversion`,
  );
}

/** How Go prints the package of a type: `v1` of what came in, `core` or `apps` of what is wanted. */
const goPackage = (group: string, version: string): string => version || group.split('.')[0] || 'core';

/** The schema of every kind that is served has metadata; a client may have left it out. */
export function withMetadata(object: JsonObject): KubeObject {
  const metadata = isJsonObject(object['metadata']) ? object['metadata'] : {};
  return { ...object, metadata };
}

/** An empty list of managers is an instruction: it removes those that the object has. Go would not write it, so decoding drops it. */
export function keepSentManagers(sent: JsonObject, object: KubeObject): KubeObject {
  const { metadata } = sent;
  if (isJsonObject(metadata) && Array.isArray(metadata['managedFields']) && metadata['managedFields'].length === 0) {
    object.metadata.managedFields = [];
  }
  return object;
}

export function warnOfRounding(rounded: readonly string[] = [], warnings: Set<string>): void {
  for (const text of rounded) warnings.add(text);
}

interface StrictProblems {
  /** Paths. */
  readonly unknown: readonly string[];
  readonly duplicates: readonly string[];
}

/** What strict validation complains about, in the order of the document. */
export function strictErrors(document: Json, { unknown, duplicates }: StrictProblems): string[] {
  const errors = [
    ...unknown.map((path) => ({ path, text: `unknown field ${JSON.stringify(path)}` })),
    ...duplicates.map((path) => ({ path, text: `duplicate field ${JSON.stringify(path)}` })),
  ];
  if (unknown.length > 0 && duplicates.length > 0)
    errors.sort((a, b) => comparePlaces(placeOf(document, a.path), placeOf(document, b.path)));
  return errors.map(({ text }) => text);
}

/** The place of each step of the path among its neighbours. */
function placeOf(document: Json, path: string): number[] {
  if (typeof document !== 'object' || document === null) return [];
  const steps = Array.isArray(document) ? document.map((_, index) => `[${index}]`) : Object.keys(document);
  // A field may have a point in its name: the longest one that fits counts.
  const fitting = steps.filter((step) => path === step || (path.startsWith(step) && /^[.[]/.test(path.slice(step.length))));
  const step = fitting.toSorted((a, b) => b.length - a.length)[0];
  if (step === undefined) return [];
  const part = Object.values(document)[steps.indexOf(step)] ?? null;
  return [steps.indexOf(step), ...placeOf(part, path.slice(step.length).replace(/^\./, ''))];
}

function comparePlaces(a: readonly number[], b: readonly number[]): number {
  const index = a.findIndex((place, at) => place !== b[at]);
  return index === -1 ? a.length - b.length : (a[index] ?? 0) - (b[index] ?? 0);
}

/** Refuses, warns or stays silent, as the client asked. */
export function report(errors: readonly string[], options: DecodeOptions, refuse: (text: string) => StatusError): void {
  if (errors.length === 0) return;
  switch (options.fieldValidation) {
    case 'Strict':
      throw refuse(`strict decoding error: ${errors.join(', ')}`);
    case 'Warn':
      for (const error of errors) options.warnings.add(error);
      return;
    case 'Ignore':
      return;
    default:
      options.fieldValidation satisfies never;
  }
}
