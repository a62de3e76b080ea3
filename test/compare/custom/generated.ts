/** Definitions of custom kinds made by chance: schemas of some depth with every feature, each with values that fit. */
import type { Json, JsonObject } from '../../../functions/kube/object.ts';
import type { Choice } from '../cases/random.ts';
import type { CustomKind } from './written.ts';

interface Made {
  readonly node: JsonObject;
  /** A value that fits. */
  readonly value: Json;
}

const depthMax = 3;

const scalars: readonly Made[] = [
  { node: { type: 'string' }, value: 'x' },
  { node: { type: 'string', default: 'given' }, value: 'y' },
  { node: { type: 'string', enum: ['A', 'B'] }, value: 'A' },
  { node: { type: 'string', enum: ['A', 'B'], default: 'B' }, value: 'A' },
  { node: { type: 'string', pattern: '^[a-z]+$', maxLength: 8 }, value: 'abc' },
  { node: { type: 'string', minLength: 1, nullable: true }, value: 'q' },
  { node: { type: 'string', format: 'date-time' }, value: '2020-01-02T03:04:05Z' },
  { node: { type: 'string', format: 'ipv4' }, value: '10.0.0.1' },
  { node: { type: 'string', format: 'byte' }, value: 'YQ==' },
  { node: { type: 'string', maxLength: 30, 'x-kubernetes-validations': [{ rule: "self != 'x'", message: 'not x' }] }, value: 'z' },
  { node: { type: 'string', maxLength: 30, 'x-kubernetes-validations': [{ rule: 'self == oldSelf' }] }, value: 'stays' },
  { node: { type: 'integer' }, value: 2 },
  { node: { type: 'integer', minimum: 0, maximum: 7, default: 1 }, value: 5 },
  { node: { type: 'integer', format: 'int32' }, value: 7 },
  { node: { type: 'integer', format: 'int64', multipleOf: 2 }, value: 4 },
  { node: { type: 'integer', 'x-kubernetes-validations': [{ rule: 'self >= 0' }] }, value: 2 },
  { node: { type: 'number' }, value: 1.5 },
  { node: { type: 'number', minimum: 0, exclusiveMinimum: true }, value: 0.5 },
  { node: { type: 'boolean' }, value: true },
  { node: { type: 'boolean', default: true }, value: false },
  { node: { 'x-kubernetes-int-or-string': true }, value: '50%' },
  { node: { 'x-kubernetes-int-or-string': true, anyOf: [{ type: 'integer' }, { type: 'string' }] }, value: 8080 },
  { node: { 'x-kubernetes-preserve-unknown-fields': true }, value: { any: [1] } },
  { node: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }, value: { free: { a: 'b' } } },
  { node: { type: 'object' }, value: {} },
];

const fieldNames = ['alpha', 'beta', 'gamma', 'delta', 'mode', 'size', 'items', 'name', 'port', 'x-y', 'camelCase', 'for'];

function made(choice: Choice, depth: number): Made {
  const chance = choice.next();
  if (depth >= depthMax || chance < 0.45) return choice.of(scalars);
  if (chance < 0.65) return structMade(choice, depth);
  return chance < 0.85 ? listMade(choice, depth) : mapMade(choice, depth);
}

function structMade(choice: Choice, depth: number): Made {
  const properties: JsonObject = {};
  const value: JsonObject = {};
  for (let count = 1 + choice.below(4); count > 0; count -= 1) {
    const name = choice.of(fieldNames);
    const field = made(choice, depth + 1);
    properties[name] = field.node;
    delete value[name];
    if (choice.next() < 0.75) value[name] = field.value;
  }
  const node: JsonObject = { type: 'object', properties };
  const present = Object.keys(value);
  if (present.length > 0 && choice.next() < 0.3) node['required'] = [choice.of(present)];
  const chance = choice.next();
  if (chance < 0.08) node['x-kubernetes-preserve-unknown-fields'] = true;
  else if (chance < 0.14) node['nullable'] = true;
  else if (chance < 0.2) node['x-kubernetes-map-type'] = 'atomic';
  else if (chance < 0.26) node['minProperties'] = Math.min(1, present.length);
  else if (chance < 0.32) node['oneOf'] = [{ required: [present[0] ?? 'none'] }, { required: ['never'] }];
  else if (chance < 0.38 && node['required'] === undefined) node['default'] = {};
  return { node: node['oneOf'] !== undefined && present.length === 0 ? { type: 'object', properties } : node, value };
}

const listKeys: readonly (readonly [node: JsonObject, values: readonly Json[]])[] = [
  [{ type: 'string' }, ['a', 'b', 'c']],
  [{ type: 'integer' }, [1, 2, 3]],
  [{ type: 'string', default: 'TCP' }, ['TCP', 'UDP', 'SCTP']],
];

function listMade(choice: Choice, depth: number): Made {
  const chance = choice.next();
  if (chance < 0.3) {
    const [key, values] = choice.of(listKeys);
    const other = made(choice, depth + 1);
    const isDefaulted = key['default'] !== undefined;
    const items = {
      type: 'object',
      ...(isDefaulted ? {} : { required: ['key'] }),
      properties: { key, other: other.node },
    };
    return {
      node: { type: 'array', 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['key'], items },
      value: values.slice(0, 1 + choice.below(3)).map((one) => ({ key: one, other: other.value })),
    };
  }
  if (chance < 0.5) {
    const items = choice.of<JsonObject>([{ type: 'string' }, { type: 'string', maxLength: 10 }]);
    return { node: { type: 'array', 'x-kubernetes-list-type': 'set', items }, value: ['a', 'b'].slice(choice.below(2)) };
  }
  const item = made(choice, depth + 1);
  const bounds = choice.of<JsonObject>([{}, { maxItems: 4 }, { minItems: 1 }, { 'x-kubernetes-list-type': 'atomic' }, { nullable: true }]);
  return { node: { type: 'array', ...bounds, items: item.node }, value: [item.value] };
}

function mapMade(choice: Choice, depth: number): Made {
  const part = made(choice, depth + 1);
  const bounds = choice.of<JsonObject>([{}, { maxProperties: 3 }, { minProperties: 1 }]);
  return { node: { type: 'object', ...bounds, additionalProperties: part.node }, value: { one: part.value, 'two.x/y': part.value } };
}

/** Rules need bounds on what they stand in, which chance does not give: such a definition is refused by both. */
export function generatedKind(choice: Choice, number: number): CustomKind {
  const spec = structMade(choice, 0);
  const status = structMade(choice, 1);
  const properties: JsonObject = { spec: spec.node, ...(choice.next() < 0.6 ? { status: status.node } : {}) };
  const hasStatus = choice.next() < 0.6;
  const hasColumns = choice.next() < 0.5;
  const paths = Object.keys((spec.node['properties'] ?? {}) as JsonObject).filter((name) => /^[a-z]+$/.test(name));
  const columns = paths.map((name) => ({
    name,
    type: choice.of(['string', 'integer', 'number', 'boolean', 'date']),
    jsonPath: `.spec.${name}`,
    ...(choice.next() < 0.3 ? { priority: 1 } : {}),
  }));
  const version: JsonObject = {
    schema: { openAPIV3Schema: { type: 'object', properties } },
    ...(hasStatus ? { subresources: { status: {} } } : {}),
    ...(hasColumns && columns.length > 0 ? { additionalPrinterColumns: columns } : {}),
  };
  return {
    kind: `Generated${number}`,
    version,
    instances: [{ spec: spec.value, ...(choice.next() < 0.5 ? { status: status.value } : {}) }],
    ...(choice.next() < 0.15 ? { scope: 'Cluster' } : {}),
  };
}
