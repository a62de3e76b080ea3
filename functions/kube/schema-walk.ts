/**
 * Where a walk through an object is, and how Go would complain there.
 * Source: sigs.k8s.io/json, internal/golang/encoding/json/decode.go (UnmarshalTypeError, strict errors).
 */
import type { Json } from './object.ts';
import type { SchemaNode } from './schema-definitions.ts';
import { referredName, resolved, shortName, valueNodeOf, versionOf } from './schema-definitions.ts';

/** A field that Go's struct has from another one, `via`, which it embeds. */
interface EmbeddedField {
  readonly field: string;
  readonly via: string;
}

/** A step down: a field of a struct, an index of a list, or a key of a map. */
export type Step = string | number | EmbeddedField | { readonly key: string };

export interface Walk {
  readonly steps: Step[];
  readonly unknown: string[];
  /** What is stored in place of whole numbers that JavaScript cannot keep. */
  rounded?: string[];
  /** Texts of numbers that JavaScript would print otherwise, by path: `1000.0`, `1e3`, `9007199254740993`. */
  readonly numbers?: ReadonlyMap<string, string>;
  /** The value was merged as a map: Go restores the object from it, with rules and words of its own. */
  readonly isRestored?: boolean;
  /** False where the object has its defaults already, or needs none. */
  readonly hasDefaults?: boolean;
  /** What is never stored is kept: fields whose feature is off, and empty lists that Go reads back as null. */
  readonly isSent?: boolean;
  /** Lists and maps without members stay, which Go would not write. */
  readonly keepsEmpty?: boolean;
  /** Within a type that reads itself: the struct that has it, which Go names in place of the ones below. */
  readonly holder?: string;
  /** The first value of the wrong type, with which Go fails at the end: what a type that reads itself refuses comes before it. */
  mismatch?: DecodeError;
}

/** The number as the client wrote it. */
export const numberText = (value: number, walk: Walk): string => walk.numbers?.get(pathText(walk.steps)) ?? String(value);

/** Reads a value, and answers with what Go would make of it. */
export type Walker = (value: Json, walk: Walk) => Json;

/** The error of Go's decoder; the caller wraps it into the sentence that names the kind. */
export class DecodeError extends Error {}

/** The field's path as upstream prints it for unknown fields: `spec.containers[0].foo`. */
export function pathText(steps: readonly Step[], field?: string): string {
  let text = '';
  for (const step of field === undefined ? steps : [...steps, field]) {
    if (typeof step === 'number') text += `[${step}]`;
    else text += `${text === '' ? '' : '.'}${typeof step === 'string' ? step : 'key' in step ? step.key : step.field}`;
  }
  return text;
}

/** The type of a value as Go's decoder names it. */
export function jsonType(value: Json): string {
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'boolean') return 'bool';
  return typeof value;
}

/** `structName` is the Go struct that has the field; Go leaves list indexes and map keys out of the path. */
export function typeError(value: Json, goType: string, walk: Walk, structName: string): DecodeError {
  const isNumber = goType === 'int32' || goType === 'int64' || goType === 'float64';
  const found = typeof value === 'number' && isNumber ? `number ${numberText(value, walk)}` : jsonType(value);
  const fields = walk.steps.flatMap((step) => {
    if (typeof step === 'string') return [step];
    return typeof step === 'object' && 'via' in step ? [`${step.via}.${step.field}`] : [];
  });
  const target = fields.length === 0 ? 'Go value' : `Go struct field ${walk.holder ?? structName}.${fields.join('.')}`;
  return new DecodeError(`json: cannot unmarshal ${found} into ${target} of type ${goType}`);
}

/** As Go names the kind of a value in a map of anything. */
export function goKind(value: Json): string {
  if (Array.isArray(value)) return 'slice';
  if (typeof value === 'number') return Number.isSafeInteger(value) ? 'int64' : 'float64';
  if (typeof value === 'boolean') return 'bool';
  return typeof value === 'object' ? 'map' : 'string';
}

export type GoForm = 'slice' | 'map' | 'struct' | 'scalar';

const scalarKinds: ReadonlySet<string> = new Set(['bool', 'int32', 'int64', 'float64', 'uint8']);

/** For a value that does not have the form of its field. */
export function wrongForm(
  form: GoForm,
  value: Json,
  goType: string,
  at: { readonly walk: Walk; readonly structName: string },
): DecodeError {
  return at.walk.isRestored === true ? restoreError(form, value, goType) : typeError(value, goType, at.walk, at.structName);
}

/** Go's decoder goes on after a value of the wrong type, and leaves its field as it is; restoring ends at once. */
export function mismatched(error: DecodeError, walk: Walk): null {
  if (walk.isRestored === true) throw error;
  walk.mismatch ??= error;
  return null;
}

/** Source: apimachinery, pkg/runtime/converter.go. */
function restoreError(form: GoForm, value: Json, goType: string): DecodeError {
  const found = goKind(value);
  if (form !== 'scalar') return new DecodeError(`cannot restore ${form === 'struct' ? 'struct from:' : `${form} from`} ${found}`);
  const kind = scalarKinds.has(goType) ? goType : 'string';
  // Go could convert a whole number to text, but this place refuses to.
  const isConvertible = kind === 'string' ? found === 'int64' : kind !== 'bool' && (found === 'int64' || found === 'float64');
  return new DecodeError(isConvertible ? `cannot convert ${found} to ${goType}` : `unrecognized type: ${kind}`);
}

/** The Go type of a field, as errors name it. */
export function goTypeOf(node: SchemaNode): string {
  const name = referredName(node);
  if (name !== undefined && resolved(node).properties !== undefined) return `${versionOf(name)}.${shortName(name)}`;
  if (name !== undefined) return shortName(name) === 'JSON' ? `${versionOf(name)}.JSON` : shortName(name);
  if (node.items !== undefined) return `[]${goTypeOf(node.items)}`;
  const values = valueNodeOf(node);
  if (values !== undefined) {
    const of = goTypeOf(values);
    return of === 'Quantity' ? 'v1.ResourceList' : `map[string]${of}`;
  }
  if (node.type === 'integer') return node.format ?? 'int64';
  if (node.type === 'number') return 'float64';
  if (node.type === 'boolean') return 'bool';
  return node.format === 'byte' ? '[]uint8' : 'string';
}
