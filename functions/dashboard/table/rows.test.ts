import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Column, filtered, ordered, type Row, rowsOf, type Table, takeEvent } from './rows.ts';

const columns: readonly Column[] = ['Name', 'Restarts', 'Age'].map((name) => ({ name, type: 'string', priority: 0 }));

const table = (
  ...rows: readonly (readonly [name: string, restarts: string | number | null, created: string, labels?: Record<string, string>])[]
): Table => ({
  columnDefinitions: columns,
  rows: rows.map(([name, restarts, creationTimestamp, labels = {}]) => ({
    cells: [name, restarts, 'x'],
    object: { metadata: { name, namespace: 'shop', uid: name, creationTimestamp, labels, resourceVersion: '7' } },
  })),
});

const three = table(
  ['web-1', 2, '2026-01-01T00:00:00Z', { app: 'web' }],
  ['web-2', '10 (3m ago)', '2026-01-03T00:00:00Z', { app: 'web' }],
  ['db', null, '2026-01-02T00:00:00Z', { app: 'db' }],
);
const names = (rows: readonly Row[]): string[] => rows.map(({ name }) => name);

test('a filter finds words in cells, namespaces and labels, and leaves out what is excluded', () => {
  const rows = rowsOf(three);
  const cases: readonly (readonly [filter: string, found: readonly string[]])[] = [
    ['', ['web-1', 'web-2', 'db']],
    ['WEB', ['web-1', 'web-2']],
    ['app=db', ['db']],
    ['shop !web', ['db']],
    ['web -2', ['web-2']],
    ['!', ['web-1', 'web-2', 'db']],
  ];
  for (const [filter, found] of cases) assert.deepEqual(names(filtered(rows, filter)), found, filter);
});

test('numbers are ordered as numbers, ages by the time of creation', () => {
  const rows = rowsOf(three);
  assert.deepEqual(names(ordered(rows, columns, { column: 1, isDescending: true })).slice(0, 2), ['web-2', 'web-1']);
  assert.deepEqual(names(ordered(rows, columns, { column: 2, isDescending: false })), ['web-2', 'db', 'web-1']);
  assert.deepEqual(names(ordered(rows, columns, { column: 0, isDescending: false })), ['db', 'web-1', 'web-2']);
});

test('events of a watch add, change and remove rows', () => {
  const rows = new Map(rowsOf(three).map((row) => [row.key, row]));
  assert.equal(takeEvent(rows, { type: 'MODIFIED', object: table(['web-1', 3, '2026-01-01T00:00:00Z']) }), '7');
  assert.equal(rows.get('web-1')?.cells[1], '3');
  takeEvent(rows, { type: 'DELETED', object: table(['web-2', 0, '2026-01-01T00:00:00Z']) });
  takeEvent(rows, { type: 'BOOKMARK', object: table(['', 0, '2026-01-01T00:00:00Z']) });
  takeEvent(rows, { type: 'ADDED', object: table(['new', 0, '2026-01-01T00:00:00Z']) });
  assert.deepEqual([...rows.keys()], ['web-1', 'db', 'new']);
});
