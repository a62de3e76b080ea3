/**
 * What Go leaves out when it writes JSON: fields with `omitempty` whose value is the zero of their type, unless the
 * field is a pointer (then zero means zero: `replicas: 0`). The schema does not tell pointers, so a table lists them.
 * Source: the struct tags in k8s.io/api and apimachinery.
 */
import { generatedTable } from './generated-table.ts';
import type { Json } from './object.ts';
import type { SchemaNode } from './schema-definitions.ts';
import { definitionOf } from './schema-definitions.ts';

const pointers = generatedTable<readonly string[]>('pointer-fields');

/** The table was not made for the types of CustomResourceDefinitions: all of theirs count as pointers. */
const hasTable = (schemaName: string): boolean =>
  schemaName.startsWith('io.k8s.api.') || schemaName.startsWith('io.k8s.apimachinery.pkg.apis.meta.v1.');

const isScalar = ({ type, $ref }: SchemaNode): boolean =>
  $ref === undefined && (type === 'string' || type === 'integer' || type === 'boolean' || type === 'number');

/** Whether Go omits the field when it holds its type's zero value. */
export function omitsZero(schemaName: string, field: string): boolean {
  const { properties = {}, required = [] } = definitionOf(schemaName);
  const node = properties[field];
  // A zero default says that the field has no omitempty; any other one takes the place of zero.
  if (node === undefined || required.includes(field) || (node.default !== undefined && isZero(node.default))) return false;
  if (node.items !== undefined || node.additionalProperties !== undefined) return true;
  return isScalar(node) && hasTable(schemaName) && pointers().get(schemaName)?.includes(field) !== true;
}

/** `''`, 0, false, and lists and maps without entries. */
export function isZero(value: Json): boolean {
  if (value === '' || value === 0 || value === false) return true;
  if (Array.isArray(value)) return value.length === 0;
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}
