/**
 * The way from client-side to server-side apply: a client that applied by annotation manages the fields of the annotation.
 * Source: apimachinery, pkg/util/managedfields/internal/lastapplied{manager,updater}.go.
 */
import { boundedJson } from '../bounded-json.ts';
import { type Json, type JsonObject, isJsonObject } from '../object.ts';
import { compare } from './compare.ts';
import { difference, type FieldSet } from './field-set.ts';
import type { MergeType } from './merge-type.ts';
import { MergeError } from './merge-walk.ts';
import { goJson } from './path-element.ts';
import { fieldsOf } from './typed-value.ts';
import { validateTyped } from './validation.ts';

const annotation = 'kubectl.kubernetes.io/last-applied-configuration';
/** Source: apimachinery, pkg/api/validation/objectmeta.go, TotalAnnotationSizeLimitB. */
const annotationBytesMax = 256 * 1024;

const annotationsOf = ({ metadata }: JsonObject): JsonObject => {
  const annotations = isJsonObject(metadata) ? metadata['annotations'] : undefined;
  return isJsonObject(annotations) ? annotations : {};
};

/** Fields that the last client-side apply set and that still have its values. Undefined without one. */
export function allowedByLastApplied(
  { apiVersion, type }: { readonly apiVersion: string; readonly type: MergeType },
  live: JsonObject,
): FieldSet | undefined {
  const text = annotationsOf(live)[annotation];
  if (typeof text !== 'string' || text === '') return undefined;
  try {
    const last = boundedJson(text);
    if (!isJsonObject(last) || last['apiVersion'] !== apiVersion) return undefined;
    validateTyped(last, type, { allowsDuplicates: false });
    const { modified, added, removed } = compare(last, live, type);
    return difference(difference(difference(fieldsOf(last, type), modified), added), removed);
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof MergeError) return undefined;
    throw error;
  }
}

/** Keeps the annotation of an object that has one in step with what is applied now. */
export function withLastApplied(object: JsonObject, applied: JsonObject): JsonObject {
  const annotations = annotationsOf(object);
  const known = annotations[annotation];
  if (typeof known !== 'string' || known === '') return object;
  const next: JsonObject = { ...annotations, [annotation]: `${goJson(sortedFields(withoutAnnotation(applied)))}\n` };
  if (bytesOf(next) > annotationBytesMax) delete next[annotation];
  const metadata = isJsonObject(object['metadata']) ? object['metadata'] : {};
  return { ...object, metadata: { ...metadata, annotations: next } };
}

const bytesOf = (annotations: JsonObject): number =>
  Object.entries(annotations).reduce(
    (sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(typeof value === 'string' ? value : goJson(value)),
    0,
  );

function withoutAnnotation(applied: JsonObject): JsonObject {
  const metadata = isJsonObject(applied['metadata']) ? applied['metadata'] : {};
  if (!isJsonObject(metadata['annotations'])) return applied;
  const { [annotation]: _last, ...annotations } = metadata['annotations'];
  return { ...applied, metadata: { ...metadata, annotations } };
}

function sortedFields(value: Json): Json {
  if (Array.isArray(value)) return value.map(sortedFields);
  if (!isJsonObject(value)) return value;
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([name, part]) => [name, sortedFields(part)]));
}
