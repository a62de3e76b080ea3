/** Applies the three kinds of patches to a document. Source: apiserver, pkg/endpoints/handlers/patch.go. */
import { DocumentError } from '../../kube/document-error.ts';
import { invalidObject } from '../../kube/field-error.ts';
import { tooLargeNumber, type JsonDocument, parseJson } from '../../kube/json-document.ts';
import { type Json, type JsonObject, type KubeObject, isJsonObject } from '../../kube/object.ts';
import { applyJsonPatch } from '../../kube/patch/json.ts';
import { applyMergePatch } from '../../kube/patch/merge.ts';
import { applyStrategicMergePatch } from '../../kube/patch/strategic.ts';
import type { Decoded, Schema } from '../../kube/schema.ts';
import { jsonType } from '../../kube/schema-walk.ts';
import { badRequest, hasReason, StatusError } from '../../kube/status-error.ts';
import { mediaTypeOf, readBytes, strategicMergePatch } from '../http/request-body.ts';
import { operationProblems } from './strict-operations.ts';
import {
  decodedOther,
  type DecodeOptions,
  type Expected,
  isOfType,
  keepSentManagers,
  notRegistered,
  slashes,
  unexpectedVersion,
  textOf,
  report,
  strictErrors,
  warnOfRounding,
  withMetadata,
} from './decode.ts';

export interface Patch {
  readonly mediaType: PatchMediaType;
  readonly value: Json;
  /** Paths of fields that came twice. */
  readonly duplicates: readonly string[];
  /** Texts of numbers that JavaScript would print otherwise, by path. */
  readonly numbers?: ReadonlyMap<string, string>;
}

const mediaTypes = ['application/json-patch+json', 'application/merge-patch+json', strategicMergePatch] as const;
type PatchMediaType = (typeof mediaTypes)[number];

export async function readPatch(request: Request): Promise<Patch> {
  const given = mediaTypeOf(request);
  const mediaType = mediaTypes.find((type) => type === given);
  if (mediaType === undefined) throw new StatusError(415, 'UnsupportedMediaType', '415: Unsupported Media Type', { details: {} });
  const bytes = await readBytes(request);
  try {
    const document = parseJson(Buffer.from(bytes).toString('utf8'));
    refuseTooLarge(mediaType, document);
    return { mediaType, ...document };
  } catch (error) {
    if (error instanceof DocumentError) throw new StatusError(400, 'BadRequest', 'invalid JSON patch', { cause: error });
    throw error;
  }
}

/** Go reads each number of a patch before it knows what it stands for. */
function refuseTooLarge(mediaType: PatchMediaType, { numbers }: JsonDocument): void {
  const text = tooLargeNumber(numbers);
  if (text === undefined) return;
  const place = mediaType === 'application/json-patch+json' ? 'struct field jsonPatchOp.value' : 'value';
  const problem = `json: cannot unmarshal number ${text} into Go ${place} of type float64`;
  throw badRequest(mediaType === strategicMergePatch ? problem : `error decoding patch: ${problem}`);
}

export interface PatchTarget {
  readonly expected: Expected;
  readonly options: DecodeOptions;
}

/** The patched object, decoded; it shares nothing with `current`. */
export function patched(current: KubeObject, patch: Patch, { expected, options }: PatchTarget): KubeObject {
  const ofPatch = isJsonPatch(patch) && options.fieldValidation !== 'Ignore' ? operationProblems(patch.value, patch.duplicates) : [];
  const document = applied(jsonOf(current), patch, expected.schema);
  // What the patch took away is not in it.
  const shown = { ...document };
  const refuse: Refuse = (text) => invalidPatch(blamed(patch, shown), text);
  const isStrategic = patch.mediaType === strategicMergePatch;
  // Go restores the object from a merged map without a question about its kind.
  if (!isStrategic && !document['apiVersion'] && expected.schema.isInline !== true) {
    // Go reads such an object as one of its own, whose fields have other names.
    const unknown = Object.keys(document).filter((field) => field !== 'apiVersion' && field !== 'kind');
    const problems = unknown.toSorted((a, b) => (a < b ? -1 : 1)).map((path) => `unknown field ${JSON.stringify(path)}`);
    report([...ofPatch, ...problems], options, refuse);
    return withMetadata({});
  }
  if (!isStrategic) checkIdentity(document, expected, refuse);
  if (expected.schema.isInline === true && !isOfType(document, expected)) {
    const other = decodedOther(document, expected, refuse);
    report([...ofPatch, ...strictErrors(document, { unknown: other.unknown, duplicates: repeatedIn(patch) })], options, refuse);
    return keepSentManagers(document, other.object);
  }
  const { object, unknown, rounded } = decodedPatch(document, patch, expected, refuse);
  if (isStrategic) Object.assign(object, identityOf(expected));
  warnOfRounding(rounded, options.warnings);
  const errors = isStrategic
    ? restoredErrors(unknown, patch.duplicates)
    : strictErrors(document, { unknown, duplicates: repeatedIn(patch) });
  report([...ofPatch, ...errors], options, refuse);
  return keepSentManagers(document, withMetadata(object));
}

/** Duplicates of the patch, then unknown fields of the result by name. */
const restoredErrors = (unknown: readonly string[], duplicates: readonly string[]): string[] => [
  ...duplicates.map((path) => `duplicate field ${JSON.stringify(path)}`),
  ...unknown.map((path) => `unknown field ${JSON.stringify(path)}`).toSorted((a, b) => (a < b ? -1 : 1)),
];

const identityOf = ({ group, version, kind }: Expected): { readonly apiVersion: string; readonly kind: string } => ({
  apiVersion: group === '' ? version : `${group}/${version}`,
  kind,
});

/** What a refusal shows: the result, but of a strategic patch the patch itself, as Go prints a map. */
const blamed = ({ mediaType, value }: Patch, document: JsonObject): string =>
  mediaType === strategicMergePatch ? goText(value) : JSON.stringify(sortedFields(document));

const sortedFields = (document: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(document).toSorted(([a], [b]) => (a < b ? -1 : 1)));

function goText(value: Json): string {
  if (value === null) return '<nil>';
  if (Array.isArray(value)) return `[${value.map(goText).join(' ')}]`;
  if (typeof value !== 'object') return String(value);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `map[${entries.map(([key, member]) => `${key}:${goText(member)}`).join(' ')}]`;
}

/** The stored object is JSON already; the types do not know. */
const jsonOf = (object: KubeObject): JsonObject => object as KubeObject & JsonObject;

function applied(document: JsonObject, patch: Patch, schema: Schema): JsonObject {
  switch (patch.mediaType) {
    case 'application/json-patch+json':
      return applyJsonPatch(document, patch.value);
    case 'application/merge-patch+json':
      return applyMergePatch(document, patch.value);
    case strategicMergePatch:
      return applyStrategicMergePatch(document, patch.value, schema);
    default:
      return patch.mediaType satisfies never;
  }
}

/** A patch cannot turn an object into one of another kind. What it takes away is taken as it was. */
function checkIdentity(document: JsonObject, expected: Expected, refuse: Refuse): void {
  const { apiVersion } = identityOf(expected);
  if (expected.schema.isInline === true && !document['kind'])
    throw refuse(`Object 'Kind' is missing in '${JSON.stringify(sortedFields(document))}'`);
  if (expected.schema.isInline === true && !document['apiVersion']) throw missingVersion(document, refuse);
  document['kind'] ||= expected.kind;
  for (const field of ['apiVersion', 'kind'] as const) {
    const value = document[field] ?? null;
    if (typeof value !== 'string') {
      throw refuse(
        `couldn't get version/kind; json parse error: json: cannot unmarshal ${jsonType(value)} into Go struct field .${field} of type string`,
      );
    }
  }
  if (document['apiVersion'] === apiVersion && document['kind'] === expected.kind) return;
  const version = textOf(document['apiVersion']);
  // Upstream reads custom objects of any type, and their validation names it.
  if (expected.schema.isInline === true && isGroupVersion(version)) return;
  if (slashes(version) > 1) throw refuse(`${unexpectedVersion} ${version}`);
  throw refuse(notRegistered(textOf(document['kind']), version));
}

const missingVersion = (document: JsonObject, refuse: Refuse): StatusError =>
  document['apiVersion'] === null
    ? refuse('.apiVersion accessor error: <nil> is of the type <nil>, expected string')
    : new StatusError(500, 'InternalError', `Internal error occurred: ${noVersion}`, { details: { causes: [{ message: noVersion }] } });
const noVersion = `Object 'apiVersion' is missing in 'object has no apiVersion field'`;

const isGroupVersion = (text: string): boolean => slashes(text) <= 1 && !text.endsWith('/');

const isJsonPatch = ({ mediaType }: Patch): boolean => mediaType === 'application/json-patch+json';

/** Where fields that came twice stand in the patched document. */
function repeatedIn(patch: Patch): readonly string[] {
  if (!isJsonPatch(patch)) return patch.duplicates;
  const place = placeInDocument(patch.value);
  return patch.duplicates.flatMap((path) => place(path) ?? []);
}

/** The place in the patched document of what stands in the value of an operation. */
function placeInDocument(value: Json): (path: string) => string | undefined {
  const paths = Array.isArray(value) ? value.map((operation) => (isJsonObject(operation) ? pointerPath(operation['path']) : '')) : [];
  return (path) => {
    const [, index, rest = ''] = /^\[(\d+)\]\.value(.*)$/s.exec(path) ?? [];
    return index === undefined ? undefined : `${paths[Number(index)] ?? ''}${rest}`.replace(/^\./, '');
  };
}

/**
 * The texts of the numbers that the patch sets, by their path in the patched document. A strategic patch has none: Go reads
 * its numbers before it knows their fields.
 */
function numbersOf({ mediaType, value, numbers }: Patch): { readonly numbers?: ReadonlyMap<string, string> } {
  if (numbers === undefined || mediaType === strategicMergePatch) return {};
  if (mediaType === 'application/merge-patch+json' || !Array.isArray(value)) return { numbers };
  const place = placeInDocument(value);
  const moved = [...numbers].flatMap(([path, text]): [string, string][] => {
    const at = place(path);
    return at === undefined ? [] : [[at, text]];
  });
  return { numbers: new Map(moved) };
}

/** `spec.containers[0].name` of `/spec/containers/0/name`. */
function pointerPath(pointer: Json | undefined): string {
  const steps = typeof pointer === 'string' ? pointer.split('/').slice(1) : [];
  return steps
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce((path, step) => (/^\d+$/.test(step) ? `${path}[${step}]` : path === '' ? step : `${path}.${step}`), '');
}

type Refuse = (text: string) => StatusError;

function decodedPatch(document: JsonObject, patch: Patch, { schema, kind }: Expected, refuse: Refuse): Decoded {
  try {
    return schema.decode(document, { kind, isRestored: patch.mediaType === strategicMergePatch, isSent: true, ...numbersOf(patch) });
  } catch (error) {
    // The sentence about the kind is for bodies.
    if (hasReason(error, 'BadRequest')) throw refuse(error.message.replace(/^.* cannot be handled as a \w+: /, ''));
    throw error;
  }
}

/** A patch whose result is no object of the kind is invalid, rather than a bad request. */
const invalidPatch = (value: string, text: string): StatusError => {
  const message = `Invalid value: ${JSON.stringify(value)}: ${text}`;
  return invalidObject({ group: '', kind: '' }, '', [{ type: 'FieldValueInvalid', field: 'patch', message }]);
};
