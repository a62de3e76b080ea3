import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memoryTable } from '../../functions/store/memory/memory-table.ts';
import type { EntryItem } from '../../functions/store/table.ts';
import { countedTable, createMetrics } from './metrics.ts';

const entry = (count: number): EntryItem => ({
  logIndex: 1,
  firstRevision: 1,
  count,
  nonce: `n${count}`,
  writtenMs: 0,
  frames: new Uint8Array(100),
});

test('counters are printed as Prometheus reads them', () => {
  const metrics = createMetrics();
  metrics.add('apiserver_request_total', 1, { method: 'GET', code: '200' });
  metrics.add('apiserver_request_total', 2, { method: 'GET', code: '200' });
  assert.match(
    metrics.text(),
    /^# HELP apiserver_request_total .+\n# TYPE apiserver_request_total counter\napiserver_request_total\{method="GET",code="200"\} 3\n/,
  );
});

test('a name that is not known is a mistake', () => {
  assert.throws(() => createMetrics().add('nonsense_total', 1), { message: 'there is no counter nonsense_total' });
});

test('only log entries that were written are counted', async () => {
  const metrics = createMetrics();
  const table = countedTable(memoryTable(), metrics);
  assert.equal((await table.appendEntry(entry(3), 0)).outcome, 'written');
  assert.equal((await table.appendEntry(entry(5), 0)).outcome, 'taken');
  assert.match(metrics.text(), /^hibernetes_store_log_entries_total 1$/m);
  assert.match(metrics.text(), /^hibernetes_store_changes_total 3$/m);
  assert.match(metrics.text(), /^hibernetes_store_log_bytes_total 100$/m);
  assert.equal((await table.readEntries(0)).entries.length, 1);
});
