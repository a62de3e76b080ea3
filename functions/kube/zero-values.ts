/**
 * What Go leaves out when it writes JSON: fields with `omitempty` whose value is the zero of their type. A
 * pointer to zero is written: `replicas: 0`. The schema does not show pointers: see go-fields.ts.
 * Source: the struct tags in k8s.io/api and apimachinery.
 */
import { goFieldsOf } from './go-fields.ts';
import type { Json } from './object.ts';
import type { SchemaNode } from './schema-definitions.ts';
import { definitionOf } from './schema-definitions.ts';

const isScalar = ({ type, $ref }: SchemaNode): boolean =>
  $ref === undefined && (type === 'string' || type === 'integer' || type === 'boolean' || type === 'number');

/** Whether Go omits the field when it holds its type's zero value. */
export function omitsZero(schemaName: string, field: string): boolean {
  const node = definitionOf(schemaName).properties?.[field];
  if (node === undefined) return false;
  const { pointers = [], kept = [], nulls = [] } = goFieldsOf(schemaName);
  if (kept.includes(field) || nulls.includes(field)) return false;
  if (node.items !== undefined || node.additionalProperties !== undefined) return true;
  return isScalar(node) && !pointers.includes(field);
}

/** Fields that Go writes as null when nothing set them are pointers where they hold a scalar, but for bytes. */
export function isPointedScalar(schemaName: string, field: string): boolean {
  const node = definitionOf(schemaName).properties?.[field];
  if (node === undefined || !isScalar(node) || node.format === 'byte') return false;
  const { pointers = [], nulls = [] } = goFieldsOf(schemaName);
  return pointers.includes(field) || nulls.includes(field);
}

/** `''`, 0, false, and lists and maps without entries. */
export function isZero(value: Json): boolean {
  if (value === '' || value === 0 || value === false) return true;
  if (Array.isArray(value)) return value.length === 0;
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}
