import assert from 'node:assert/strict';
import { test } from 'node:test';
import { historyEntries } from './history.ts';

const managed = (manager: string, time: string) => ({ manager, operation: 'Update', time, fieldsType: 'FieldsV1', fieldsV1: {} });

test('an entry of a history names who wrote, and which fields', () => {
  const item = (type: 'ADDED' | 'MODIFIED' | 'DELETED', replicas: number, managers: readonly string[]) => ({
    time: `2100-01-01T00:00:0${replicas}Z`,
    revision: replicas,
    type,
    object: { metadata: { name: 'web', managedFields: managers.map((manager) => managed(manager, 't')) }, spec: { replicas } },
  });
  const entries = historyEntries(
    [item('ADDED', 1, ['kubectl']), item('MODIFIED', 2, ['kubectl', 'helm']), item('DELETED', 2, ['kubectl', 'helm'])],
    undefined,
  );
  assert.deepEqual(
    entries.map(({ type, manager, fields }) => [type, manager, fields.map(({ path }) => path)]),
    [
      ['ADDED', 'kubectl', []],
      ['MODIFIED', 'helm', ['spec.replicas']],
      ['DELETED', '', []],
    ],
  );
});
