/**
 * What is wrong with the schema of a custom kind: first whether it is structural, then its defaults, then what no schema
 * may hold. Source: apiextensions-apiserver, pkg/apis/apiextensions/validation/validation.go.
 */
import { type FieldError, forbiddenField, invalid, notSupported, required } from '../../../kube/field-error.ts';
import type { SchemaNode } from '../../../kube/schema.ts';
import { ruleFormErrors } from '../../custom/expressions/rule-form.ts';
import { itemsOf } from './items.ts';
import { defaultErrors } from './default-errors.ts';
import { internalSchema } from './internal-schema.ts';
import { structuralErrors } from './structural-errors.ts';

const types = ['array', 'boolean', 'integer', 'number', 'object', 'string'];

export interface SchemaErrors {
  readonly errors: readonly FieldError[];
  /** Rules are read only where the schema is structural and its defaults fit. */
  readonly hasSoundRules: boolean;
}

export function schemaErrors(node: SchemaNode, path: string, { hasStatus }: { readonly hasStatus: boolean }): SchemaErrors {
  const errors = hasStatus ? statusRootErrors(node, path) : [];
  if (node.nullable === true) errors.push(forbiddenField(`${path}.nullable`, 'nullable cannot be true at the root'));
  const isReadable = !hasUnsupported(node);
  const structural = isReadable ? structuralErrors(node, path) : [];
  const defaults = isReadable && structural.length === 0 ? defaultErrors(node, path) : [];
  errors.push(...structural, ...defaults, ...nodeErrors(node, path, rootContext));
  // Each other unsupported field has an error of its own.
  if (!isReadable && errors.length === 0) errors.push(invalid(path, '', "OpenAPIV3Schema 'schema' is not supported"));
  return { errors, hasSoundRules: isReadable && structural.length === 0 && defaults.length === 0 };
}

const allowedAtRoot = [
  'Description',
  'Type',
  'Format',
  'Title',
  'Maximum',
  'ExclusiveMaximum',
  'Minimum',
  'ExclusiveMinimum',
  'MaxLength',
  'MinLength',
  'Pattern',
  'MaxItems',
  'MinItems',
  'UniqueItems',
  'MultipleOf',
  'Required',
  'Items',
  'Properties',
  'ExternalDocs',
  'Example',
  'XPreserveUnknownFields',
  'XValidations',
];

/** The status is checked by its own part of the schema. So the root may hold no more than what each part keeps. */
function statusRootErrors(node: SchemaNode, path: string): FieldError[] {
  const internal = internalSchema(node);
  for (const [field, value] of Object.entries(internal)) {
    if (value === null || value === '' || value === false || (Array.isArray(value) && value.length === 0)) continue;
    if (field === 'Type' && value !== 'object') {
      const why = 'only "object" is allowed as the type at the root of the schema if the status subresource is enabled';
      return [invalid(`${path}.type`, value, why)];
    }
    if (allowedAtRoot.includes(field)) continue;
    const why = `only [${allowedAtRoot.join(' ')}] fields are allowed at the root of the schema if the status subresource is enabled`;
    return [invalid(path, internal, why)];
  }
  return [];
}

interface Context {
  readonly isRoot: boolean;
  readonly isInsideMetadata: boolean;
  /** Why no default may be here. */
  readonly noDefaults?: string;
}

const rootContext: Context = { isRoot: true, isInsideMetadata: false };

type Unsupported = Readonly<Record<string, unknown>>;

/** Fields that OpenAPI has and schemas of kinds do not. */
const unsupported: readonly (readonly [field: string, isSet: (value: unknown) => boolean])[] = [
  ['id', (value) => value !== undefined && value !== ''],
  ['additionalItems', (value) => value !== undefined],
  ['patternProperties', hasMembers],
  ['definitions', hasMembers],
  ['dependencies', (value) => value !== undefined],
  ['$ref', (value) => value !== undefined],
];

function hasMembers(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length > 0;
}

const itemListOf = ({ items }: SchemaNode): readonly SchemaNode[] => (Array.isArray(items) ? (items as readonly SchemaNode[]) : []);

const partsOf = (node: SchemaNode): readonly SchemaNode[] => [
  ...Object.values(node.properties ?? {}),
  ...[itemsOf(node) ?? []].flat(),
  ...(typeof node.additionalProperties === 'object' ? [node.additionalProperties] : []),
  ...(node.not === undefined ? [] : [node.not]),
  ...(node.allOf ?? []),
  ...(node.anyOf ?? []),
  ...(node.oneOf ?? []),
];

/** Upstream cannot read such a schema as a structural one. */
function hasUnsupported(node: SchemaNode): boolean {
  const fields: Unsupported = { ...node };
  const own = [...unsupported, ['$schema', hasText] as const].some(([field, isSet]) => {
    const value = fields[field];
    return field === 'dependencies' ? hasMembers(value) : field === '$ref' ? hasText(value) : isSet(value);
  });
  return own || itemListOf(node).length > 0 || node['x-kubernetes-preserve-unknown-fields'] === false || partsOf(node).some(hasUnsupported);
}

const hasText = (value: unknown): boolean => typeof value === 'string' && value !== '';

function nodeErrors(node: SchemaNode, path: string, context: Context): FieldError[] {
  const errors = ownErrors(node, path, context);
  if (node.uniqueItems === true)
    errors.push(forbiddenField(`${path}.uniqueItems`, 'uniqueItems cannot be set to true since the runtime complexity becomes quadratic'));
  errors.push(...partErrors(node, path, context));
  if (node['x-kubernetes-preserve-unknown-fields'] === false) {
    errors.push(invalid(`${path}.x-kubernetes-preserve-unknown-fields`, false, 'must be true or undefined'));
  }
  return [...errors, ...mergeErrors(node, path), ...ruleFormErrors(node, path)];
}

function ownErrors(node: SchemaNode, path: string, { isInsideMetadata, noDefaults }: Context): FieldError[] {
  const errors: FieldError[] = [];
  const { type } = node;
  if (type && !types.includes(type)) errors.push(notSupported(`${path}.type`, type, types));
  if (node.default !== undefined && noDefaults !== undefined)
    errors.push(forbiddenField(`${path}.default`, `must not be set ${noDefaults}`));
  const fields: Unsupported = { ...node };
  for (const [field, isSet] of unsupported) {
    if (isSet(fields[field])) errors.push(forbiddenField(`${path}.${field}`, `${field} is not supported`));
  }
  if (type === 'null') errors.push(forbiddenField(`${path}.type`, 'type cannot be set to null, use nullable as an alternative'));
  if (itemListOf(node).length > 0) errors.push(forbiddenField(`${path}.items`, 'items must be a schema object and not an array'));
  if (isInsideMetadata && node['x-kubernetes-embedded-resource'] === true) {
    errors.push(forbiddenField(`${path}.x-kubernetes-embedded-resource`, 'must not be used inside of resource meta'));
  }
  return errors;
}

const metadataFields = ['metadata', 'kind', 'apiVersion'];

function partErrors(node: SchemaNode, path: string, context: Context): FieldError[] {
  const errors: FieldError[] = [];
  const { properties = {}, additionalProperties } = node;
  const inside: Context = { ...context, isRoot: false };
  if (additionalProperties !== undefined && Object.keys(properties).length > 0 && additionalProperties !== true) {
    errors.push(forbiddenField(`${path}.additionalProperties`, 'additionalProperties and properties are mutual exclusive'));
  }
  if (typeof additionalProperties === 'object') {
    const why = 'inside additionalProperties applying to object metadata';
    const below = context.isInsideMetadata ? { ...inside, noDefaults: why } : inside;
    errors.push(...nodeErrors(additionalProperties, `${path}.additionalProperties`, below));
  }
  for (const [name, child] of Object.entries(properties)) {
    const isMetadata = (context.isRoot || node['x-kubernetes-embedded-resource'] === true) && metadataFields.includes(name);
    const below = isMetadata ? { ...inside, isInsideMetadata: true } : inside;
    const named = isMetadata && context.isRoot ? { ...below, noDefaults: `in top-level ${name}` } : below;
    errors.push(...nodeErrors(child, `${path}.properties[${name}]`, named));
  }
  const nested = (child: SchemaNode, step: string): void => void errors.push(...nodeErrors(child, `${path}.${step}`, inside));
  if (node.not !== undefined) nested(node.not, 'not');
  for (const field of ['allOf', 'oneOf', 'anyOf'] as const) node[field]?.forEach((child, index) => nested(child, `${field}[${index}]`));
  for (const [name, child] of unsupportedParts(node, 'definitions')) nested(child, `definitions[${name}]`);
  const items = itemsOf(node);
  if (items !== undefined) nested(items, 'items');
  itemListOf(node).forEach((child, index) => nested(child, `items[${index}]`));
  for (const [name, child] of unsupportedParts(node, 'dependencies')) nested(child, `dependencies[${name}]`);
  return errors;
}

const isSchema = (value: unknown): value is SchemaNode => typeof value === 'object' && value !== null && !Array.isArray(value);

/** The schemas below a field that no kind may have, but which are checked all the same. */
function unsupportedParts(node: SchemaNode, field: 'definitions' | 'dependencies'): [name: string, SchemaNode][] {
  const parts = (node as Unsupported)[field];
  if (typeof parts !== 'object' || parts === null) return [];
  return Object.entries(parts).filter((part): part is [string, SchemaNode] => isSchema(part[1]));
}

/** Errors of how applies merge lists and maps. */
function mergeErrors(node: SchemaNode, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const listType: string | undefined = node['x-kubernetes-list-type'];
  const mapType: string | undefined = node['x-kubernetes-map-type'];
  const keys = node['x-kubernetes-list-map-keys'] ?? [];
  const typed = (expected: string, extension: string): FieldError => {
    const why = `must be ${expected} if ${extension} is specified`;
    return node.type ? invalid(`${path}.type`, node.type, why) : required(`${path}.type`, why);
  };
  if (mapType !== undefined && node.type !== 'object') errors.push(typed('object', 'x-kubernetes-map-type'));
  if (mapType !== undefined && !['atomic', 'granular'].includes(mapType)) {
    errors.push(notSupported(`${path}.x-kubernetes-map-type`, mapType, ['atomic', 'granular']));
  }
  if (listType !== undefined && node.type !== 'array') errors.push(typed('array', 'x-kubernetes-list-type'));
  else if (listType === 'set') errors.push(...setItemErrors(itemsOf(node) ?? {}, `${path}.items`));
  if (listType !== undefined && !['atomic', 'set', 'map'].includes(listType)) {
    errors.push(notSupported(`${path}.x-kubernetes-list-type`, listType, ['atomic', 'set', 'map']));
  }
  if (keys.length > 0 && listType !== 'map') {
    const why = 'must be map if x-kubernetes-list-map-keys is non-empty';
    const field = `${path}.x-kubernetes-list-type`;
    errors.push(listType === undefined ? required(field, why) : invalid(field, listType, why));
  }
  if (listType === 'map') errors.push(...mapErrors(node, path, keys));
  return [...errors, ...keyErrors(node, path, keys)];
}

function setItemErrors(items: SchemaNode, path: string): FieldError[] {
  const why = 'must be atomic as item of a list with x-kubernetes-list-type=set';
  const listType = items['x-kubernetes-list-type'];
  if (items.type === 'array' && (listType ?? 'atomic') !== 'atomic') return [invalid(`${path}.x-kubernetes-list-type`, listType, why)];
  if (items.type !== 'object' || items['x-kubernetes-map-type'] === 'atomic') return [];
  return [invalid(`${path}.x-kubernetes-map-type`, listType ?? null, why)];
}

function mapErrors(node: SchemaNode, path: string, keys: readonly string[]): FieldError[] {
  const items = itemsOf(node);
  const errors: FieldError[] = [];
  const field = `${path}.x-kubernetes-list-map-keys`;
  if (keys.length === 0) errors.push(required(field, 'must not be empty if x-kubernetes-list-type is map'));
  if (Array.isArray(node.items)) {
    const why = 'must only have a single schema if x-kubernetes-list-type is map';
    return [...errors, invalid(`${path}.items`, internalSchema(node)['Items'] ?? null, why)];
  }
  if (items === undefined) return [...errors, required(`${path}.items`, 'must have a schema if x-kubernetes-list-type is map')];
  if (items.type !== 'object') {
    return [...errors, invalid(`${path}.items.type`, items.type ?? '', "must be object if parent array's x-kubernetes-list-type is map")];
  }
  for (const [index, key] of keys.entries()) {
    const property = items.properties?.[key];
    if (property === undefined) errors.push(invalid(field, keys, 'entries must all be names of item properties'));
    else if (property.type === 'array' || property.type === 'object') {
      const why = "must be a scalar type if parent array's x-kubernetes-list-type is map";
      errors.push(invalid(`${path}.items.properties[${key}].type`, items.type, why));
    }
    if (keys.indexOf(key) < index) errors.push(invalid(field, keys, 'must not contain duplicate entries'));
  }
  return errors;
}

/** Items are found again by what is there in each of them. */
function keyErrors(node: SchemaNode, path: string, keys: readonly string[]): FieldError[] {
  const listType = node['x-kubernetes-list-type'];
  const items = itemsOf(node);
  if (items === undefined || (listType !== 'set' && listType !== 'map')) return [];
  const errors: FieldError[] = [];
  if (items.nullable === true) {
    errors.push(forbiddenField(`${path}.items.nullable`, `cannot be nullable when x-kubernetes-list-type is ${listType}`));
  }
  for (const key of listType === 'map' ? keys : []) {
    const property = items.properties?.[key];
    if (property === undefined) continue;
    const field = `${path}.items.properties[${key}]`;
    const part = 'this property is in x-kubernetes-list-map-keys, so it';
    if (items.required?.includes(key) !== true && property.default === undefined) {
      errors.push(required(`${field}.default`, `${part} must have a default or be a required property`));
    }
    if (property.nullable === true) errors.push(forbiddenField(`${field}.nullable`, `${part} cannot be nullable`));
  }
  return errors;
}
