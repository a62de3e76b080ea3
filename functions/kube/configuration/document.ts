/**
 * Reads a document that configures a component: its kind and version first, then the types of its values, then the
 * fields that nothing knows. Source: apimachinery, pkg/runtime/serializer; component-base's and apiserver's loaders.
 */
import { type Json, type JsonObject, isJsonObject } from '../object.ts';
import { parseYaml } from '../yaml-document.ts';
import { ConfigurationError } from './configuration-error.ts';
import { checkTypes, type Shape, unknownFields } from './shape.ts';

export interface DocumentKind {
  readonly kind: string;
  readonly groupVersions: readonly string[];
  readonly shape: Shape;
}

/** Throws a ConfigurationError for YAML that cannot be read. */
export async function parsedDocument(text: string): Promise<Json> {
  try {
    return (await parseYaml(text)).value;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new ConfigurationError(error.message.replace(/^error decoding YAML: error converting YAML to JSON: /, ''), { cause: error });
  }
}

export const notRegistered = (kind: string, apiVersion: string): ConfigurationError =>
  new ConfigurationError(
    `no kind ${JSON.stringify(kind)} is registered for version ${JSON.stringify(apiVersion)} in scheme "pkg/runtime/scheme.go:111"`,
  );

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/** The document, whose types are right, and what is wrong with its fields: a text for each. */
export async function decodeDocument(
  text: string,
  { kind: wanted, groupVersions, shape }: DocumentKind,
): Promise<{ readonly document: JsonObject; readonly problems: readonly string[] }> {
  const value = await parsedDocument(text);
  const document = isJsonObject(value) ? value : {};
  const [kind, apiVersion] = [textOf(document['kind']), textOf(document['apiVersion'])];
  if (kind === '') throw new ConfigurationError(`Object 'Kind' is missing in '${text.trim()}'`);
  if (kind !== wanted || !groupVersions.includes(apiVersion)) throw notRegistered(kind, apiVersion);
  checkTypes(document, shape);
  return { document: withoutNulls(document), problems: unknownProblems(document, shape) };
}

/** Go reads a field that is null as one that is left out. */
const withoutNulls = (object: JsonObject): JsonObject =>
  Object.fromEntries(
    Object.entries(object).flatMap(([name, value]) => (value === null || value === undefined ? [] : [[name, readAsGo(value)]])),
  );

function readAsGo(value: Json): Json {
  if (Array.isArray(value)) return value.map(readAsGo);
  return isJsonObject(value) ? withoutNulls(value) : value;
}

export const unknownProblems = (value: Json, shape: Shape): string[] =>
  unknownFields(value, shape).map((path) => `unknown field ${JSON.stringify(path)}`);

export function refuseProblems(problems: readonly string[]): void {
  if (problems.length > 0) throw new ConfigurationError(`strict decoding error: ${problems.join(', ')}`);
}

/** A document without unknown fields. Throws a ConfigurationError. */
export async function readDocument(text: string, kind: DocumentKind): Promise<JsonObject> {
  const { document, problems } = await decodeDocument(text, kind);
  refuseProblems(problems);
  return document;
}
