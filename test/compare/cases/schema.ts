/** The schema of a kind, from the OpenAPI v3 document that upstream serves for its group and version. */
import { isDeepStrictEqual } from 'node:util';
import type { Json } from '../../../functions/kube/object.ts';

export interface SchemaNode {
  readonly $ref?: string;
  readonly allOf?: readonly SchemaNode[];
  readonly oneOf?: readonly SchemaNode[];
  readonly type?: string;
  readonly format?: string;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly items?: SchemaNode;
  readonly additionalProperties?: SchemaNode;
  readonly required?: readonly string[];
  readonly enum?: readonly string[];
  readonly default?: Json;
  readonly 'x-kubernetes-group-version-kind'?: readonly unknown[];
}

export interface Schema {
  readonly root: SchemaNode;
  /** The node with what it refers to in its place. */
  resolve(node: SchemaNode): SchemaNode;
}

const refPrefix = '#/components/schemas/';

export interface OpenApiDocument {
  readonly components?: { readonly schemas?: Readonly<Record<string, SchemaNode>> };
}

interface Kind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

export function schemaOf(document: OpenApiDocument, { group, version, kind }: Kind): Schema | undefined {
  const schemas = document.components?.schemas ?? {};
  const root = Object.values(schemas).find((node) =>
    node['x-kubernetes-group-version-kind']?.some((known) => isDeepStrictEqual(known, { group, version, kind })),
  );
  const resolve = (node: SchemaNode): SchemaNode => {
    const reference = node.$ref ?? node.allOf?.[0]?.$ref;
    return reference === undefined ? node : { ...node, ...schemas[reference.slice(refPrefix.length)] };
  };
  return root === undefined ? undefined : { root, resolve };
}
