import assert from 'node:assert/strict';
import { test } from 'node:test';
import { selectorOf } from './selector.ts';

test('a selector is written as a query has it', () => {
  const cases: readonly (readonly [selector: unknown, text: string])[] = [
    [{ matchLabels: { app: 'web', tier: 'a' } }, 'app=web,tier=a'],
    [
      {
        matchExpressions: [
          { key: 'a', operator: 'In', values: ['1', '2'] },
          { key: 'b', operator: 'NotIn', values: ['3'] },
          { key: 'c', operator: 'Exists' },
          { key: 'd', operator: 'DoesNotExist' },
        ],
      },
      'a in (1,2),b notin (3),c,!d',
    ],
    [{ app: 'web' }, 'app=web'],
    [undefined, ''],
  ];
  for (const [selector, text] of cases) assert.equal(selectorOf({ apiVersion: 'v1', kind: 'x', metadata: {}, spec: { selector } }), text);
});
