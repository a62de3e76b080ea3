/** The schemas that an OpenAPI document needs: those of its kinds, and all that these refer to. */
import { generatedTable } from '../../kube/generated-table.ts';
import { type Json, type JsonObject, isJsonObject } from '../../kube/object.ts';
import { customSchema } from './custom-schema.ts';
import { type Descriptions, withDescriptions } from './descriptions.ts';
import type { ResponseKind } from '../discovery/api-resources.ts';

export type Dialect = 'v2' | 'v3';

const all = generatedTable<JsonObject>('schema');

const prefix = '#/definitions/';
const refPrefixes: Readonly<Record<Dialect, string>> = { v2: prefix, v3: '#/components/schemas/' };

export const reference = (schema: string, dialect: Dialect): JsonObject => ({ $ref: refPrefixes[dialect] + schema });

export interface NamedSchema {
  readonly schema: string;
  /** The fields, where no generated table has them. */
  readonly node?: (() => JsonObject) | undefined;
  readonly kind: ResponseKind;
}

/** The schemas by name, sorted; those of kinds name their kind. */
export function schemasFor(roots: readonly NamedSchema[], dialect: Dialect, texts: Descriptions): JsonObject {
  const inline = new Map(roots.map(({ schema, node }) => [schema, node]));
  const described = (name: string): JsonObject | undefined => {
    const facts = all().get(name);
    if (facts !== undefined) return withDescriptions(facts, texts[name]);
    const node = inline.get(name)?.();
    return node === undefined ? undefined : customSchema(node, dialect, texts);
  };
  const found = new Map<string, JsonObject>();
  const waiting = roots.map(({ schema }) => schema);
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (found.has(name)) continue;
    const schema = described(name);
    if (schema === undefined) continue;
    found.set(name, schema);
    waiting.push(...referencesIn(schema));
  }
  const kinds = Map.groupBy(roots, ({ schema }) => schema);
  return Object.fromEntries(
    [...found.keys()].sort().map((name) => [name, documented(found.get(name) ?? {}, kinds.get(name) ?? [], dialect)]),
  );
}

function documented(facts: JsonObject, kinds: readonly NamedSchema[], dialect: Dialect): JsonObject {
  const schema = translated(facts, dialect);
  const unique = new Map(kinds.map(({ kind }) => [`${kind.group}/${kind.version}/${kind.kind}`, { ...kind }]));
  return unique.size === 0 ? schema : { ...schema, 'x-kubernetes-group-version-kind': [...unique.values()] };
}

function referencesIn(value: Json): string[] {
  if (Array.isArray(value)) return value.flatMap(referencesIn);
  if (!isJsonObject(value)) return [];
  return Object.entries(value).flatMap(([field, part]) =>
    field === '$ref' && typeof part === 'string' ? [part.slice(prefix.length)] : referencesIn(part),
  );
}

/**
 * The facts are written in the dialect of version 2, with two exceptions: a schema that version 2 cannot express carries
 * its substitute along. In version 3 nothing may stand beside a reference.
 */
function translated(schema: JsonObject, dialect: Dialect): JsonObject {
  const { 'x-kubernetes-v2-schema': substitute, oneOf, ...rest } = schema;
  if (dialect === 'v2') return substitute !== undefined && isJsonObject(substitute) ? { ...rest, ...substitute } : withParts(rest, dialect);
  const parts = withParts(oneOf === undefined ? rest : { ...rest, oneOf }, dialect);
  const { $ref, ...siblings } = parts;
  if (typeof $ref !== 'string' || Object.keys(siblings).length === 0) return parts;
  return { allOf: [{ $ref }], ...siblings };
}

/** Version 2 has no defaults. */
const isLeftOut = (field: string, dialect: Dialect): boolean => dialect === 'v2' && field === 'default';

function withParts(schema: JsonObject, dialect: Dialect): JsonObject {
  const parts = Object.entries(schema).filter(([field]) => !isLeftOut(field, dialect));
  return Object.fromEntries(
    parts.map(([field, part]): [string, Json] => {
      if (field === '$ref' && typeof part === 'string') return [field, refPrefixes[dialect] + part.slice(prefix.length)];
      if (field === 'properties' && isJsonObject(part)) return [field, mapped(part, dialect)];
      if ((field === 'items' || field === 'additionalProperties') && isJsonObject(part)) return [field, translated(part, dialect)];
      return [field, part];
    }),
  );
}

const mapped = (properties: JsonObject, dialect: Dialect): JsonObject =>
  Object.fromEntries(Object.entries(properties).map(([name, part]) => [name, isJsonObject(part) ? translated(part, dialect) : part]));
