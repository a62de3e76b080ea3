/**
 * Whether a schema is structural: what stands within `allOf`, `anyOf`, `oneOf` and `not` only narrows what stands outside.
 * Source: apiextensions-apiserver, pkg/apiserver/schema/{validation,complete,convert}.go.
 */
import { deepEqual } from '../../../kube/equality.ts';
import { type FieldError, forbiddenField, invalid, required } from '../../../kube/field-error.ts';
import type { SchemaNode } from '../../../kube/schema.ts';
import { compilePattern } from '../../../kube/patterns.ts';
import { itemsOf } from './items.ts';

/** Deeper schemas are refused. */
const depthMax = 100;

type Level = 'root' | 'item' | 'field';

interface Place {
  readonly path: string;
  readonly level: Level;
  readonly depth: number;
}

/** Upstream sorts them by their texts. */
export function structuralErrors(node: SchemaNode, path: string): FieldError[] {
  const errors = [...nodeErrors(node, { path, level: 'root', depth: 0 }), ...completenessErrors(node, node, path, path)];
  const textOf = ({ field, message }: FieldError): string => `${field}: ${message}`;
  return errors.toSorted((a, b) => (textOf(a) < textOf(b) ? -1 : 1));
}

const below = ({ path, depth }: Place, step: string, level: Level): Place => ({ path: `${path}.${step}`, level, depth: depth + 1 });

const valuesOf = ({ additionalProperties }: SchemaNode): SchemaNode | undefined =>
  typeof additionalProperties === 'object' ? additionalProperties : undefined;

const isOpen = (node: SchemaNode): boolean => node['x-kubernetes-preserve-unknown-fields'] === true;
const isIntOrString = (node: SchemaNode): boolean => node['x-kubernetes-int-or-string'] === true;
const isEmbedded = (node: SchemaNode): boolean => node['x-kubernetes-embedded-resource'] === true;

function nodeErrors(node: SchemaNode, place: Place): FieldError[] {
  const { path, level, depth } = place;
  if (depth > depthMax) return [invalid(path, '', `must not be nested more than ${depthMax} levels`)];
  const errors: FieldError[] = [];
  const values = valuesOf(node);
  const items = itemsOf(node);
  if (node.type === 'array' && items === undefined) errors.push(required(`${path}.items`, 'must be specified'));
  if (items !== undefined) errors.push(...nodeErrors(items, below(place, 'items', 'item')));
  for (const [name, child] of Object.entries(node.properties ?? {})) {
    errors.push(...nodeErrors(child, below(place, `properties[${name}]`, 'field')));
  }
  if (node.additionalProperties !== undefined && level === 'root') {
    errors.push(forbiddenField(`${path}.additionalProperties`, 'must not be used at the root'));
  }
  if (values !== undefined) errors.push(...nodeErrors(values, below(place, 'additionalProperties', 'field')));
  errors.push(...extensionErrors(node, path), ...valueErrors(node, place, { isNested: false }));
  return [...errors, ...typeErrors(node, place), ...identityErrors(node, place)];
}

function extensionErrors(node: SchemaNode, path: string): FieldError[] {
  if (!isIntOrString(node)) return [];
  const wrong = ['x-kubernetes-preserve-unknown-fields', 'x-kubernetes-embedded-resource'] as const;
  return wrong
    .filter((name) => node[name] === true)
    .map((name) => invalid(`${path}.${name}`, true, 'must be false if x-kubernetes-int-or-string is true'));
}

const emptyType: Readonly<Record<Level, string>> = {
  root: 'must not be empty at the root',
  item: 'must not be empty for specified array items',
  field: 'must not be empty for specified object fields',
};

function typeErrors(node: SchemaNode, { path, level }: Place): FieldError[] {
  const errors: FieldError[] = [];
  const { type = '' } = node;
  const place = `${path}.type`;
  if (isEmbedded(node) && type !== 'object') {
    const why = 'must be object if x-kubernetes-embedded-resource is true';
    errors.push(type === '' ? required(place, why) : invalid(place, type, why));
  } else if (type === '' && !isIntOrString(node) && !isOpen(node)) errors.push(required(place, emptyType[level]));
  if (isEmbedded(node) && node.additionalProperties !== undefined) {
    errors.push(forbiddenField(`${path}.additionalProperties`, 'must not be used if x-kubernetes-embedded-resource is set'));
  }
  if (level === 'root' && type !== '' && type !== 'object') errors.push(invalid(place, type, 'must be object at the root'));
  return errors;
}

/** An object's own apiVersion, kind and metadata. */
function identityErrors(node: SchemaNode, { path, level }: Place): FieldError[] {
  const errors: FieldError[] = [];
  const { properties = {} } = node;
  const isObject = level === 'root' || isEmbedded(node);
  const at = (name: string): string => `${path}.properties[${name}]`;
  for (const name of ['kind', 'apiVersion']) {
    const child = properties[name];
    if (isObject && child !== undefined && child.type !== 'string')
      errors.push(invalid(`${at(name)}.type`, child.type ?? '', 'must be string'));
  }
  const { metadata } = properties;
  if (metadata !== undefined && isObject && metadata.type !== 'object') {
    errors.push(invalid(`${at('metadata')}.type`, metadata.type ?? '', 'must be object'));
  }
  if (metadata !== undefined && level === 'root' && !isPlainMetadata(metadata)) {
    const why = 'must not specify anything other than name and generateName, but metadata is implicitly specified';
    errors.push(forbiddenField(at('metadata'), why));
  }
  if (isEmbedded(node) && !isOpen(node) && Object.keys(properties).length === 0) {
    const why = 'must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields';
    errors.push(required(`${path}.properties`, why));
  }
  return errors;
}

function isPlainMetadata({ type: _type, default: _default, properties = {}, ...rest }: SchemaNode): boolean {
  const isNamed = Object.keys(properties).every((name) => name === 'name' || name === 'generateName');
  return isNamed && Object.keys(rest).length === 0;
}

const intOrString: readonly SchemaNode[] = [{ type: 'integer' }, { type: 'string' }];

interface Skipped {
  readonly isNested: boolean;
  readonly anyOf?: boolean;
}

function valueErrors(
  node: SchemaNode,
  place: Place,
  { isNested, anyOf = !isNested && deepEqual(node.anyOf, intOrString) }: Skipped,
): FieldError[] {
  const errors: FieldError[] = [];
  const nested = (child: SchemaNode, step: string, skipsAnyOf = false): void =>
    void errors.push(...nestedErrors(child, { ...below(place, step, place.level) }, skipsAnyOf));
  if (!anyOf) node.anyOf?.forEach((child, index) => nested(child, `anyOf[${index}]`));
  node.allOf?.forEach((child, index) => nested(child, `allOf[${index}]`, !isNested && index === 0 && deepEqual(child.anyOf, intOrString)));
  node.oneOf?.forEach((child, index) => nested(child, `oneOf[${index}]`));
  if (node.not !== undefined) nested(node.not, 'not');
  const compiled = node.pattern ? compilePattern(node.pattern) : undefined;
  if (typeof compiled === 'string') {
    errors.push(invalid(`${place.path}.pattern`, node.pattern, `must be a valid regular expression, but isn't: ${compiled}`));
  }
  return errors;
}

const narrowing: readonly (readonly [field: keyof SchemaNode, must: string])[] = [
  ['type', 'empty'],
  ['additionalProperties', 'undefined'],
  ['default', 'undefined'],
  ['title', 'empty'],
  ['description', 'empty'],
  ['nullable', 'false'],
  ['x-kubernetes-preserve-unknown-fields', 'false'],
  ['x-kubernetes-embedded-resource', 'false'],
  ['x-kubernetes-int-or-string', 'false'],
  ['x-kubernetes-list-map-keys', 'empty'],
  ['x-kubernetes-list-type', 'undefined'],
  ['x-kubernetes-map-type', 'undefined'],
  ['x-kubernetes-validations', 'empty'],
];

const isZero = (value: unknown): boolean =>
  value === undefined || value === null || value === '' || value === false || (Array.isArray(value) && value.length === 0);

function nestedErrors(node: SchemaNode, place: Place, skipsAnyOf: boolean): FieldError[] {
  const { path, depth } = place;
  if (depth > depthMax) return [invalid(path, '', `must not be nested more than ${depthMax} levels`)];
  const errors = valueErrors(node, place, { isNested: true, anyOf: skipsAnyOf });
  const items = itemsOf(node);
  if (items !== undefined) errors.push(...nestedErrors(items, below(place, 'items', place.level), false));
  for (const [name, child] of Object.entries(node.properties ?? {})) {
    errors.push(...nestedErrors(child, below(place, `properties[${name}]`, 'field'), false));
  }
  for (const [field, must] of narrowing) {
    const isForbidden = skipsAnyOf && field === 'type' ? false : !isZero(node[field]);
    if (isForbidden) errors.push(forbiddenField(`${path}.${field}`, `must be ${must} to be structural`));
  }
  if (node.properties !== undefined && Object.hasOwn(node.properties, 'metadata')) {
    errors.push(forbiddenField(`${path}.properties[metadata]`, 'must not be specified in a nested context'));
  }
  return errors;
}

/** Each field that a junctor speaks of stands outside of it, too. `path` is that outside, `from` the place within. */
function completenessErrors(node: SchemaNode, outside: SchemaNode | undefined, path: string, from: string): FieldError[] {
  if (outside === undefined) return [required(path, `because it is defined in ${from}`)];
  const nested = (child: SchemaNode, step: string): FieldError[] => nestedCompleteness(child, outside, path, `${from}.${step}`);
  return [
    ...(node.not === undefined ? [] : nested(node.not, 'not')),
    ...(['allOf', 'anyOf', 'oneOf'] as const).flatMap((field) =>
      (node[field] ?? []).flatMap((child, index) => nested(child, `${field}[${index}]`)),
    ),
  ];
}

function nestedCompleteness(node: SchemaNode, outside: SchemaNode | undefined, path: string, from: string): FieldError[] {
  if (outside === undefined) return [required(path, `because it is defined in ${from}`)];
  const errors = completenessErrors(node, outside, path, from);
  const items = itemsOf(node);
  if (items !== undefined) errors.push(...nestedCompleteness(items, itemsOf(outside), `${path}.items`, `${from}.items`));
  for (const [name, child] of Object.entries(node.properties ?? {})) {
    const step = `properties[${name}]`;
    errors.push(...nestedCompleteness(child, outside.properties?.[name], `${path}.${step}`, `${from}.${step}`));
  }
  return errors;
}
