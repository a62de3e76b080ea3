/**
 * Whether a schema is structural, so that values can be pruned and filled in by it.
 * Source: apiextensions-apiserver, pkg/apiserver/schema/validation.go and pkg/apis/apiextensions/validation/validation.go.
 */
import { type FieldError, forbiddenField, invalid, notSupported, required } from '../../../kube/field-error.ts';
import type { SchemaNode } from '../../../kube/schema.ts';
import { compilePattern } from '../../../kube/patterns.ts';

const types = ['array', 'boolean', 'integer', 'number', 'object', 'string'];
/** Deeper schemas are refused. */
const depthMax = 100;

export function schemaErrors(node: SchemaNode, path: string): FieldError[] {
  const errors: FieldError[] = [];
  if (node.type !== 'object') {
    errors.push(
      node.type
        ? invalid(`${path}.type`, node.type, 'must be object at the root')
        : required(`${path}.type`, 'must not be empty at the root'),
    );
  }
  return [...errors, ...nodeErrors(node, path, 0)];
}

function nodeErrors(node: SchemaNode, path: string, depth: number): FieldError[] {
  if (depth > depthMax) return [invalid(path, '', `must not be nested more than ${depthMax} levels`)];
  return [...ownErrors(node, path, depth), ...childErrors(node, path, depth)];
}

function ownErrors(node: SchemaNode, path: string, depth: number): FieldError[] {
  const errors: FieldError[] = [];
  const { type, pattern } = node;
  const isOpen = node['x-kubernetes-int-or-string'] === true || node['x-kubernetes-preserve-unknown-fields'] === true;
  if (type !== undefined && type !== '' && !types.includes(type)) errors.push(notSupported(`${path}.type`, type, types));
  if (depth > 0 && !type && !isOpen) errors.push(required(`${path}.type`, 'must not be empty for specified object fields'));
  if (node.$ref !== undefined) errors.push(forbiddenField(`${path}.$ref`, '$ref is not supported'));
  if (node.uniqueItems === true)
    errors.push(forbiddenField(`${path}.uniqueItems`, 'uniqueItems cannot be set to true since the runtime complexity becomes quadratic'));
  if (pattern !== undefined) {
    const compiled = compilePattern(pattern);
    if (typeof compiled === 'string')
      errors.push(invalid(`${path}.pattern`, pattern, `must be a valid regular expression, but isn't: ${compiled}`));
  }
  errors.push(...combinedRuleErrors(node, path));
  if (node.properties !== undefined && node.additionalProperties !== undefined) {
    errors.push(forbiddenField(`${path}.additionalProperties`, 'additionalProperties and properties are mutual exclusive'));
  }
  return [...errors, ...listErrors(node, path)];
}

/** Rules stand beside fields, never within `allOf` and its like. */
function combinedRuleErrors({ allOf = [], anyOf = [], oneOf = [], not }: SchemaNode, path: string): FieldError[] {
  const lists: readonly (readonly [string, readonly SchemaNode[]])[] = [
    ['allOf', allOf],
    ['anyOf', anyOf],
    ['oneOf', oneOf],
  ];
  const nested = lists.flatMap(([name, nodes]) => nodes.map((node, index): [string, SchemaNode] => [`${path}.${name}[${index}]`, node]));
  if (not !== undefined) nested.push([`${path}.not`, not]);
  return nested.flatMap(([place, node]) => [
    ...((node['x-kubernetes-validations'] ?? []).length === 0
      ? []
      : [forbiddenField(`${place}.x-kubernetes-validations`, 'must be empty to be structural')]),
    ...combinedRuleErrors(node, place),
  ]);
}

function listErrors(node: SchemaNode, path: string): FieldError[] {
  const listType = node['x-kubernetes-list-type'];
  const keys = node['x-kubernetes-list-map-keys'];
  const errors: FieldError[] = [];
  if (listType !== undefined && !['atomic', 'map', 'set'].includes(listType)) {
    errors.push(notSupported(`${path}.x-kubernetes-list-type`, listType, ['atomic', 'map', 'set']));
  }
  if (listType !== undefined && node.type !== 'array')
    errors.push(invalid(`${path}.type`, node.type ?? '', 'must be array if x-kubernetes-list-type is set'));
  if (listType === 'map' && (keys ?? []).length === 0) {
    errors.push(required(`${path}.x-kubernetes-list-map-keys`, "must not be empty if x-kubernetes-list-type is 'map'"));
  }
  return errors;
}

function childErrors(node: SchemaNode, path: string, depth: number): FieldError[] {
  const below = (child: SchemaNode, step: string): FieldError[] => nodeErrors(child, `${path}.${step}`, depth + 1);
  const errors: FieldError[] = [];
  for (const [name, child] of Object.entries(node.properties ?? {})) {
    // Of these three the server decides; a root may still describe them.
    if (depth === 0 && ['apiVersion', 'kind', 'metadata'].includes(name)) continue;
    errors.push(...below(child, `properties[${name}]`));
  }
  if (node.items !== undefined) errors.push(...below(node.items, 'items'));
  else if (node.type === 'array') errors.push(required(`${path}.items`, 'must be specified'));
  if (typeof node.additionalProperties === 'object') errors.push(...below(node.additionalProperties, 'additionalProperties'));
  return errors;
}
