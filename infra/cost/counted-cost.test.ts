import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countedCost, countedCostText } from './counted-cost.ts';

test('what a control plane has counted is given its price, and what it has not is named', () => {
  const metrics = [
    '# HELP apiserver_request_total Requests answered, by method and code.',
    'apiserver_request_total{verb="GET",code="200"} 900000',
    'apiserver_request_total{verb="POST",code="201"} 100000',
    'hibernetes_store_log_entries_total 80000',
    'hibernetes_store_changes_total 100000',
    'hibernetes_store_log_bytes_total 40960000',
  ].join('\n');
  const [head, , ...rows] = countedCostText(countedCost(metrics)).split('\n');
  const cells = (row = ''): string[] =>
    row
      .split('|')
      .map((cell) => cell.trim())
      .slice(1, -1);
  assert.deepEqual(cells(head), ['since the control plane started', 'counted', 'write units', 'read units', 'dollars']);
  assert.deepEqual(cells(rows[0]), ['requests to the API', '1,000,000', '0.0', '1,000,000', '$0.50']);
  assert.deepEqual(cells(rows[1]), ['entries of the log', '80,000', '129,375', '0.0', '$0.08']);
  assert.deepEqual(cells(rows[2]), ['objects written down for cold starts', '100,000', '100,000', '0.0', '$0.06']);
  assert.deepEqual(cells(rows[3]), ['together, at most', '', '', '', '$0.64']);
  assert.match(rows.join(' '), /Not counted here/);
  const { parts, dollars } = countedCost(metrics);
  assert.deepEqual([parts.length, parts[0]?.count, dollars.toFixed(2)], [3, 1_000_000, '0.64']);
});
