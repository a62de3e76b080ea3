/** Defaults fit their own schemas. Source: apiextensions-apiserver, pkg/apiserver/schema/defaulting/validation.go. */
import { type FieldError, invalid } from '../../../kube/field-error.ts';
import { unknownIn } from '../../../kube/schema-structural.ts';
import type { SchemaNode } from '../../../kube/schema.ts';
import { itemsOf } from './items.ts';
import { embeddedErrors } from '../../custom/embedded-errors.ts';
import { valueErrors } from '../../custom/value-validation.ts';

/** Those within additionalProperties are left to the objects. */
export function defaultErrors(node: SchemaNode, path: string): FieldError[] {
  const { properties = {} } = node;
  const items = itemsOf(node);
  return [
    ...ownErrors(node, `${path}.default`),
    ...(items === undefined ? [] : defaultErrors(items, `${path}.items`)),
    ...Object.entries(properties).flatMap(([name, child]) => defaultErrors(child, `${path}.properties[${name}]`)),
  ];
}

function ownErrors(node: SchemaNode, path: string): FieldError[] {
  const value = node.default ?? null;
  if (value === null) return [];
  const unknown = unknownIn(value, node).length > 0 ? [invalid(path, value, 'must not have unknown fields')] : [];
  const embedded = embeddedErrors(node, value, path);
  return [...unknown, ...(embedded.length > 0 ? embedded : valueErrors(node, value, path))];
}
