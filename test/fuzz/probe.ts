/** A kind whose fields expressions use, with values of each. */
import type { JsonObject } from '../../functions/kube/object.ts';
import type { CustomKind } from '../compare/custom/written.ts';

const text: JsonObject = { type: 'string' };
const integer: JsonObject = { type: 'integer' };

const item: JsonObject = { type: 'object', properties: { key: text, value: integer } };

const properties: JsonObject = {
  text,
  short: { type: 'string', maxLength: 10 },
  count: integer,
  zero: integer,
  flag: { type: 'boolean' },
  choice: { type: 'string', enum: ['a', 'bb'] },
  time: { type: 'string', format: 'date-time' },
  wait: { type: 'string', format: 'duration' },
  list: { type: 'array', items: text },
  few: { type: 'array', maxItems: 5, items: { type: 'string', maxLength: 5 } },
  numbers: { type: 'array', maxItems: 10, items: integer },
  labels: { type: 'object', additionalProperties: text },
  counts: { type: 'object', maxProperties: 5, additionalProperties: integer },
  part: { type: 'object', properties: { size: integer, name: text, items: { type: 'array', maxItems: 3, items: item } } },
  either: { 'x-kubernetes-int-or-string': true },
};

const instance: JsonObject = {
  spec: {
    text: 'hello',
    short: 'abc',
    count: 5,
    zero: 0,
    flag: true,
    choice: 'a',
    time: '2024-01-02T03:04:05Z',
    wait: '1h30m',
    list: ['a', 'bb', 'ccc'],
    few: ['x', 'y'],
    numbers: [3, 1, 2],
    labels: { a: 'x', b: 'y' },
    counts: { a: 1, b: 2 },
    part: {
      size: 1,
      name: 'zz',
      items: [
        { key: 'a', value: 1 },
        { key: 'b', value: 2 },
      ],
    },
    either: 5,
  },
};

/** One whose spec has these rules. */
export const probeKind = (number: number, rules: readonly JsonObject[]): CustomKind => ({
  kind: `Probe${number}`,
  version: {
    schema: {
      openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object', properties, 'x-kubernetes-validations': [...rules] } } },
    },
  },
  instances: [instance],
});
