/** Fields by which objects may be selected. Source: apiextensions-apiserver, pkg/apis/apiextensions/validation/validation.go. */
import { duplicate, type FieldError, invalid, required, tooMany } from '../../../kube/field-error.ts';
import type { SelectableField } from '../../../kube/generated/types.ts';
import { ownField } from '../../../kube/own-field.ts';
import type { SchemaNode } from '../../../kube/schema.ts';

const countMax = 8;
const types = ['string', 'boolean', 'integer'];

export function selectableErrors(fields: readonly SelectableField[], schema: SchemaNode, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const known = new Set<string>();
  for (const [index, { jsonPath }] of fields.entries()) {
    const place = `${path}[${index}].jsonPath`;
    const wrong = (why: string): void => void errors.push(invalid(place, jsonPath, why));
    if (!jsonPath) {
      errors.push(required(place));
      continue;
    }
    const found = foundAt(jsonPath, schema);
    if (typeof found === 'string') {
      wrong(`is an invalid path: ${found}`);
      continue;
    }
    if (/^\.metadata(?:\.|$)/.test(jsonPath)) wrong('must not point to fields in metadata');
    if (!types.includes(found.type ?? '')) {
      wrong('must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.');
    }
    if (known.has(jsonPath)) errors.push(duplicate(place, jsonPath));
    known.add(jsonPath);
  }
  return known.size > countMax ? [...errors, tooMany(path, known.size, countMax)] : errors;
}

/** The schema there, or why there is none. Source: pkg/apiserver/schema/cel/validation.go, ValidFieldPath. */
function foundAt(path: string, schema: SchemaNode): SchemaNode | string {
  let node = schema;
  let rest = path;
  while (rest !== '') {
    const [token = ''] = /^(?:[.[\]]|[^.[\]]+)/.exec(rest) ?? [];
    if (token === '[') return 'array notation is not allowed';
    if (token !== '.') return `expected [ or . but got: ${token}`;
    const [name = ''] = /^(?:[.[\]]|[^.[\]]+)/.exec(rest.slice(1)) ?? [];
    if (name === '') return 'unexpected end of JSON path';
    const below = hasFields(node) ? ownField(node.properties, name) : valuesOf(node);
    if (below === undefined) return 'does not refer to a valid field';
    node = below;
    rest = rest.slice(1 + name.length);
  }
  return node;
}

const hasFields = (node: SchemaNode): node is SchemaNode & Required<Pick<SchemaNode, 'properties'>> =>
  Object.keys(node.properties ?? {}).length > 0;

const valuesOf = ({ additionalProperties }: SchemaNode): SchemaNode | undefined =>
  typeof additionalProperties === 'object' ? additionalProperties : undefined;
