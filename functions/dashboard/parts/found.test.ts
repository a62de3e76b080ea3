import assert from 'node:assert/strict';
import { test } from 'node:test';
import { found } from './found.ts';

const entries = [
  { title: 'replicasets', hint: '', also: ['rs'], to: 0 },
  { title: 'persistentvolumes', hint: '', also: ['pv'], to: 1 },
  { title: 'pods', hint: '', also: ['po', 'Pod'], to: 2 },
  { title: 'podtemplates', hint: '', to: 3 },
  { title: 'web-pods-1', hint: '', to: 4 },
];

test('a whole name is closer than its beginning, and that is closer than a part', () => {
  const cases: readonly (readonly [text: string, to: readonly number[]])[] = [
    ['po', [2, 3, 4]],
    ['PODS', [2, 4]],
    ['rs', [0, 1]],
    ['pv', [1]],
    ['nothing', []],
    ['', [0, 1, 2, 3, 4]],
  ];
  for (const [text, to] of cases)
    assert.deepEqual(
      found(entries, text).map((entry) => entry.to),
      to,
      text,
    );
});
