import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countText, dollarText, markdownTable } from './cost-tables.ts';

test('columns are as wide as they must be, numbers to the right', () => {
  const table = markdownTable(
    ['', 'dollars'],
    [
      ['a write', '$2.83'],
      ['a read', '$0.56'],
    ],
  );
  assert.equal(table, ['|         | dollars |', '| ------- | ------: |', '| a write |   $2.83 |', '| a read  |   $0.56 |', ''].join('\n'));
});

test('dollars and counts are shown with as many digits as are significant', () => {
  assert.deepEqual([0, 0.000_123_4, 0.01, 12.345, 83_376.4].map(dollarText), ['$0.00', '$0.000123', '$0.01', '$12.35', '$83,376']);
  assert.deepEqual([0, -0.04, 0.25, 99.94, 100, 12_345.6].map(countText), ['0.0', '0.0', '0.3', '99.9', '100', '12,346']);
});
