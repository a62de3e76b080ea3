/** Applies the three kinds of patches to a document. Source: apiserver, pkg/endpoints/handlers/patch.go. */
import { invalidObject } from '../../kube/field-error.ts';
import { parseJson } from '../../kube/json-document.ts';
import type { Json, JsonObject, KubeObject } from '../../kube/object.ts';
import { applyJsonPatch } from '../../kube/patch/json.ts';
import { applyMergePatch } from '../../kube/patch/merge.ts';
import { applyStrategicMergePatch } from '../../kube/patch/strategic.ts';
import type { Decoded, Schema } from '../../kube/schema.ts';
import { hasReason, type StatusError } from '../../kube/status-error.ts';
import { unsupportedMediaType } from '../http/content-negotiation.ts';
import { mediaTypeOf, readBytes } from '../http/request-body.ts';
import { type DecodeOptions, type Expected, report, strictErrors, withMetadata } from './decode.ts';

export interface Patch {
  readonly mediaType: PatchMediaType;
  readonly value: Json;
  /** Paths of fields that came twice. */
  readonly duplicates: readonly string[];
}

const mediaTypes = ['application/json-patch+json', 'application/merge-patch+json', 'application/strategic-merge-patch+json'] as const;
type PatchMediaType = (typeof mediaTypes)[number];

export async function readPatch(request: Request): Promise<Patch> {
  const given = mediaTypeOf(request);
  const mediaType = mediaTypes.find((type) => type === given);
  if (mediaType === undefined) throw unsupportedMediaType(mediaTypes);
  const bytes = await readBytes(request);
  return { mediaType, ...parseJson(Buffer.from(bytes).toString('utf8')) };
}

export interface PatchTarget {
  readonly expected: Expected;
  readonly options: DecodeOptions;
}

/** The patched object, decoded; it shares nothing with `current`. */
export function patched(current: KubeObject, patch: Patch, { expected, options }: PatchTarget): KubeObject {
  const document = applied(jsonOf(current), patch, expected.schema);
  const refuse: Refuse = (text) => invalidPatch(blamed(patch, document), text);
  const { object, unknown } = decodedPatch(document, expected, refuse);
  report(strictErrors(unknown, patch.duplicates), options, refuse);
  return withMetadata(object);
}

/** What a refusal shows: the result, but of a strategic patch the patch itself, as Go prints a map. */
const blamed = ({ mediaType, value }: Patch, document: JsonObject): string =>
  mediaType === 'application/strategic-merge-patch+json' ? goText(value) : JSON.stringify(document);

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
    case 'application/strategic-merge-patch+json':
      return applyStrategicMergePatch(document, patch.value, schema);
    default:
      return patch.mediaType satisfies never;
  }
}

type Refuse = (text: string) => StatusError;

function decodedPatch(document: JsonObject, { schema, kind }: Expected, refuse: Refuse): Decoded {
  try {
    return schema.decode(document, { kind });
  } catch (error) {
    if (hasReason(error, 'BadRequest')) throw refuse(error.message);
    throw error;
  }
}

/** A patch whose result is no object of the kind is invalid, rather than a bad request. */
const invalidPatch = (value: string, text: string): StatusError => {
  const message = `Invalid value: ${JSON.stringify(value)}: ${text}`;
  return invalidObject({ group: '', kind: '' }, '', [{ type: 'FieldValueInvalid', field: 'patch', message }]);
};
