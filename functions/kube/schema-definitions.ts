/**
 * The OpenAPI definitions of all built-in kinds, as `openapi/generate.ts` left them: what decoding, validation and
 * strategic merge patches know about fields.
 */
import { generatedTable } from './generated-table.ts';
import type { Json } from './object.ts';

/**
 * One place of a schema. Built-in definitions use the first part only; the schema of a custom kind has its fields inline
 * and may hold more rules for their values.
 */
export interface SchemaNode {
  readonly $ref?: string;
  readonly type?: string;
  readonly format?: string;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly items?: SchemaNode;
  readonly additionalProperties?: SchemaNode | boolean;
  readonly required?: readonly string[];
  readonly enum?: readonly Json[];
  readonly default?: Json;
  readonly 'x-kubernetes-patch-strategy'?: string;
  readonly 'x-kubernetes-patch-merge-key'?: string;
  /** How apply merges a list; `atomic` when left out. */
  readonly 'x-kubernetes-list-type'?: 'atomic' | 'set' | 'map';
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
  readonly 'x-kubernetes-map-type'?: 'atomic' | 'granular';

  readonly nullable?: boolean;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: boolean;
  readonly exclusiveMaximum?: boolean;
  readonly multipleOf?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly uniqueItems?: boolean;
  readonly minProperties?: number;
  readonly maxProperties?: number;
  readonly not?: SchemaNode;
  readonly oneOf?: readonly SchemaNode[];
  readonly anyOf?: readonly SchemaNode[];
  readonly allOf?: readonly SchemaNode[];
  readonly description?: string;
  readonly title?: string;
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean;
  readonly 'x-kubernetes-embedded-resource'?: boolean;
  readonly 'x-kubernetes-int-or-string'?: boolean;
  /** The schema in OpenAPI v2, for built-in types whose two forms it shows alike. */
  readonly 'x-kubernetes-v2-schema'?: SchemaNode;
  readonly 'x-kubernetes-validations'?: readonly ValidationRule[];
}

/** A rule in CEL about the values of its place. */
export interface ValidationRule {
  readonly rule: string;
  readonly message?: string;
  readonly messageExpression?: string;
  readonly reason?: string;
  readonly fieldPath?: string;
  readonly optionalOldSelf?: boolean;
}

const definitions = generatedTable<SchemaNode>('schema');
const refPrefix = '#/definitions/';

const anything: SchemaNode = {};

/** The definition of that name; one that allows anything when there is none. */
export const definitionOf = (schemaName: string): SchemaNode => definitions().get(schemaName) ?? anything;

/** The name of the definition that the node refers to. */
export const referredName = (node: SchemaNode): string | undefined => node.$ref?.slice(refPrefix.length);

/** The node itself, or what it refers to. */
export const resolved = (node: SchemaNode): SchemaNode =>
  node.$ref === undefined ? node : definitionOf(node.$ref.slice(refPrefix.length));

/** `Deployment` of `io.k8s.api.apps.v1.Deployment`. */
export const shortName = (schemaName: string): string => schemaName.slice(schemaName.lastIndexOf('.') + 1);

/** `v1` of `io.k8s.api.apps.v1.Deployment`. */
export const versionOf = (schemaName: string): string => schemaName.split('.').at(-2) ?? '';

/** Kinds that every group and version has: they are options of a request. */
const requestKinds = new Set([
  'CreateOptions',
  'DeleteOptions',
  'GetOptions',
  'ListOptions',
  'PatchOptions',
  'UpdateOptions',
  'WatchEvent',
]);
/** Go packages of groups whose types are no part of k8s.io/api. */
const otherPackages: ReadonlyMap<string, string> = new Map([
  ['apiextensions.k8s.io', 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions'],
  ['apiregistration.k8s.io', 'io.k8s.kube-aggregator.pkg.apis.apiregistration'],
]);
/** Whether Go keeps the types of both groups in one scheme: a program that knows the one kind knows the other. */
export const shareScheme = (a: string, b: string): boolean => a === b || (!otherPackages.has(a) && !otherPackages.has(b));

const metaPackage = 'io.k8s.apimachinery.pkg.apis.meta.v1';

/** What a field of a map, which all have the same type, holds. */
export const valueNodeOf = ({ additionalProperties }: SchemaNode): SchemaNode | undefined =>
  typeof additionalProperties === 'object' ? additionalProperties : undefined;

/** Name of the definition of a kind, if it is built in. */
export function schemaFor(apiVersion: string, kind: string): string | undefined {
  const [version = '', group = 'core'] = apiVersion.split('/').reverse();
  const isMeta = apiVersion === 'v1' || group === 'meta.k8s.io' || requestKinds.has(kind);
  const isBuiltIn = !group.includes('.') || group.endsWith('.k8s.io');
  const candidates = [
    ...(isBuiltIn ? [`io.k8s.api.${group.split('.')[0]}.${version}.${kind}`] : []),
    ...(otherPackages.has(group) ? [`${otherPackages.get(group)}.${version}.${kind}`] : []),
    ...(isMeta ? [`${metaPackage}.${kind}`] : []),
  ];
  return candidates.find((name) => definitions().has(name));
}
