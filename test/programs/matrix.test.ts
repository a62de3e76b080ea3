import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { programs } from './all.ts';
import { matrixOf, mergedResults, readmeWith } from './matrix.ts';
import { readme, readmeOf, readResults } from './written-matrix.ts';

const one = { name: 'one', versions: ['v1', 'v2'], proves: 'it counts', controllers: ['kube-system deployment/one'] };
const two = { name: 'two', versions: ['v3'], proves: 'it prints', controllers: [] };

describe('the matrix of programs', () => {
  test('names version, upgrade, use, and what happens without controllers', () => {
    const matrix = matrixOf([one, two], [one, two], [{ name: 'three', tried: 'its module is not served' }]);
    assert.equal(
      matrix.join('\n'),
      `| program                  | version | upgraded from | what it did | without its controller |
| ------------------------ | ------- | ------------- | ----------- | ---------------------- |
| [one](test/programs/one) | v2      | v1            | it counts   | fails                  |
| [two](test/programs/two) | v3      |               | it prints   | has none               |

Not tried here:

- three: its module is not served`,
    );
  });

  test('the matrix of programs has no row for a program that was not run, or was run at another version', () => {
    assert.doesNotMatch(matrixOf([one, two], [{ name: 'one', versions: ['v1'] }], []).join('\n'), /one|two/);
  });

  test('keeps the rows of programs that a run leaves out, and drops those that fail', () => {
    assert.deepEqual(mergedResults([one, two], [one, two], { tried: ['one'], passed: [] }), [two]);
    assert.deepEqual(mergedResults([one, two], [two], { tried: ['one'], passed: [one] }), [one, two]);
  });

  test('the matrix of programs is put between the markers of the README', () => {
    const before = 'a <!-- npm run programs -->old<!-- end of programs --> b';
    assert.equal(readmeWith(before, ['new']), 'a <!-- npm run programs -->\n\nnew\n\n<!-- end of programs --> b');
    assert.throws(() => readmeWith('a', ['new']), /there is no <!-- npm run programs -->/);
  });

  test('the matrix of programs stands in the README as the last runs left it', () => {
    assert.equal(readme(), readmeOf(readResults()));
    const known = programs.map(({ name, versions }) => JSON.stringify({ name, versions }));
    for (const { name, versions } of readResults()) assert.ok(known.includes(JSON.stringify({ name, versions })), name);
  });
});
