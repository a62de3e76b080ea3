/** Values that a field may be given: some right, some wrong, most of them at an edge. */
import type { Json, JsonObject } from '../../../functions/kube/object.ts';
import type { Choice } from './random.ts';
import type { Schema, SchemaNode } from './schema.ts';

const texts: readonly Json[] = [
  '',
  'A B',
  '-x',
  'x'.repeat(300),
  'x'.repeat(64),
  'UPPER',
  'a/b/c',
  'example.com/x',
  '../x',
  '/abs',
  '$(X)',
  '日本',
  '0',
  '1Gi',
  '1.1Gi',
  '-1',
  '5%',
  '10.0.0.1',
  '::1',
  '*',
  'a.b',
  'a_b',
  'x\ny',
  'http://x/y',
];
const numbers: readonly Json[] = [-1, 0, 1, 2, 7, 65_535, 65_536, 2 ** 31, 2 ** 53 + 2, 30.5, 100_000, -2_147_483_649];
const quantities: readonly Json[] = ['0', '1', '-1', '100m', '1.5', '1.1Gi', '1Ki', '1e3', '1x', '', '5', 7, 1.5, '1000000000000000000000'];
const times: readonly Json[] = [
  '2020-01-02T03:04:05Z',
  '2020-01-02T03:04:05.678Z',
  '2020-01-02T03:04:05.678901Z',
  '2020-01-02T05:04:05+02:00',
  '2020-01-02',
  'x',
  '',
  5,
];
const intOrStrings: readonly Json[] = [0, 1, -1, 65_536, '50%', '101%', '-1%', 'http', 'x'.repeat(16), '1', '', 2 ** 33, true, 1.5];
const bytes: readonly Json[] = ['', 'YQ==', 'YQ', 'not base64!', 'e30='];
const wrongTypes: readonly Json[] = ['x', 7, true, ['x'], { a: 'b' }, [], {}, 1.5, [null]];

const isNamed = (node: SchemaNode, end: string): boolean => (node.$ref ?? node.allOf?.[0]?.$ref ?? '').endsWith(end);

export const isQuantity = (node: SchemaNode): boolean => isNamed(node, '.Quantity');
const isIntOrString = (node: SchemaNode): boolean => isNamed(node, '.IntOrString');

/** Candidates for a scalar, right and wrong ones. */
export function scalarValues(node: SchemaNode, { resolve }: Schema): readonly Json[] {
  const { type, format, enum: choices = [] } = resolve(node);
  if (isQuantity(node)) return quantities;
  if (isIntOrString(node) || format === 'int-or-string') return intOrStrings;
  if (format === 'date-time') return times;
  if (format === 'byte') return bytes;
  if (type === 'boolean') return [true, false];
  return type === 'integer' || type === 'number' ? numbers : [...choices, ...texts];
}

export const wrongValues = (present: Json): readonly Json[] =>
  wrongTypes.filter((value) => typeof value !== typeof present || Array.isArray(value) !== Array.isArray(present));

/** A name by which a text field is likely to want something of its form. */
const likelyTexts: readonly (readonly [RegExp, Json])[] = [
  [/ip$|address/i, '10.0.0.9'],
  [/cidr/i, '10.1.0.0/24'],
  [/path/i, '/x'],
  [/url|endpoint/i, 'https://example.com/x'],
  [/key$/i, 'a'],
];

const depthMax = 4;

/** A value of a field that an object lacks: what is required, and of the rest as much as chance wants. */
export function filledValue(schema: Schema, node: SchemaNode, choice: Choice, place: { name: string; depth: number }): Json {
  const resolved = schema.resolve(node);
  const { properties, items, additionalProperties, required = [] } = resolved;
  const { name, depth } = place;
  if (properties !== undefined) {
    const result: JsonObject = {};
    for (const [field, part] of Object.entries(properties)) {
      const isWanted = required.includes(field) || (depth < depthMax && choice.next() < 1.5 / Object.keys(properties).length);
      if (isWanted && depth < depthMax + 3) result[field] = filledValue(schema, part, choice, { name: field, depth: depth + 1 });
    }
    return result;
  }
  if (items !== undefined) return [filledValue(schema, items, choice, { name, depth: depth + 1 })];
  if (additionalProperties !== undefined) return { a: filledValue(schema, additionalProperties, choice, { name, depth: depth + 1 }) };
  if (resolved.type === 'object') return { a: 'b' };
  return filledScalar(schema, node, choice, name);
}

function filledScalar(schema: Schema, node: SchemaNode, choice: Choice, name: string): Json {
  const { type, format, enum: values = [], default: given } = schema.resolve(node);
  if (choice.next() < 0.15) return choice.of(scalarValues(node, schema));
  if (values.length > 0) return choice.of(values);
  if (given !== undefined && given !== '' && choice.next() < 0.5) return given;
  if (isQuantity(node)) return choice.of(['1', '100m', '1Gi']);
  if (isIntOrString(node)) return choice.of([1, '25%', 'web']);
  if (format === 'date-time') return '2020-01-02T03:04:05Z';
  if (format === 'byte') return 'YQ==';
  if (type === 'boolean') return choice.next() < 0.5;
  if (type === 'integer' || type === 'number') return choice.of([1, 2, 5, 80]);
  return likelyTexts.find(([pattern]) => pattern.test(name))?.[1] ?? choice.of(['x', 'a', 'x', 'example.com/x', 'X']);
}
