import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseJsonPath, valuesAt } from './json-path.ts';
import type { Json } from './object.ts';

const object = {
  spec: { replicas: 3, names: ['a', 'b', 'c'], 'dotted.key': 'd' },
  status: {
    conditions: [
      { type: 'Ready', status: 'True' },
      { type: 'Other', status: 'False' },
    ],
  },
};

const cases: readonly (readonly [string, Json[] | undefined])[] = [
  ['.spec.replicas', [3]],
  ['$.spec.replicas', [3]],
  ['.spec.names[0]', ['a']],
  ['.spec.names[-1]', ['c']],
  ['.spec.names[1:]', ['b', 'c']],
  ['.spec.names[*]', ['a', 'b', 'c']],
  // A quoted name is read as if a dot stood before it, so that its own dots want backslashes.
  [".spec['dotted.key']", []],
  [".spec['dotted\\.key']", ['d']],
  ['.spec.dotted\\.key', ['d']],
  ['.status.conditions[?(@.type=="Ready")].status', ['True']],
  [".status.conditions[?(@.type!='Ready')].status", ['False']],
  ['.spec.nothing', []],
  ['.spec.constructor', []],
  ['.spec.names[9]', []],
  ['.spec.names[0,2]', ['a', 'c']],
  ['.spec.names[0:3:2]', ['a', 'c']],
  ['..type', ['Ready', 'Other']],
  ['.status.conditions[?(@.missing)].type', []],
  // A word that stands alone leads nowhere.
  ['spec', []],
  ['.spec[', undefined],
  ['.spec..x', []],
  ['.spec[?(@.a', undefined],
];

for (const [path, expected] of cases) {
  test(`the path ${path} ${expected === undefined ? 'is refused' : `leads to ${JSON.stringify(expected)}`}`, () => {
    const parsed = parseJsonPath(path);
    assert.deepEqual(parsed === undefined ? undefined : valuesAt(object, parsed), expected);
  });
}
