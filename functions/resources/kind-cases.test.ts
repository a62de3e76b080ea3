/** Each kind answers to the writes of its table as kube-apiserver does. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { testApi } from '../../test/support/api-server.ts';
import {
  answersOf,
  bare,
  kindTable,
  kindTableFiles,
  titleOf,
  writeOf,
  type KindTable,
  type SendCase,
} from '../../test/support/kind-cases.ts';
import { createDefinitions } from './all.ts';

const files = kindTableFiles();

/** The server of one table: all its cases are sent in one go, and judged one by one. */
async function answersOfOurs(table: KindTable): ReturnType<typeof answersOf> {
  const api = await testApi({}, { user: { name: 'admin', uid: 'admin-uid', groups: ['system:masters', 'system:authenticated'] } });
  const send: SendCase = async (method, path, body, accept) => {
    const answer = await api.send(method, path, body, { accept });
    return { status: answer.status, warning: answer.headers.get('warning') ?? '', body: answer.body };
  };
  return answersOf(table, send);
}

for (const file of files) {
  const table = kindTable(file);
  const kind = table.object['kind'] as string;
  describe(`the table of ${kind}`, () => {
    let answers: ReturnType<typeof answersOf> | undefined;
    for (const [index, one] of table.cases.entries()) {
      test(`a ${kind} gets the answer of kube-apiserver: ${titleOf(one)}`, async () => {
        answers ??= answersOfOurs(table);
        assert.deepEqual((await answers)[index], one.ours === undefined ? one : { ...bare(one), ...one.ours });
      });
    }
  });
}

test('every kind that clients write has a table with creations, updates and, if there is one, its status', () => {
  const tables = Map.groupBy(files.map(kindTable), ({ object }) => object['kind']);
  for (const { type, verbs, hasStatus = false } of createDefinitions()) {
    if (verbs?.includes('create') === false) continue;
    const writes = ['create', 'update', ...(hasStatus ? (['status'] as const) : [])] as const;
    const cases = (tables.get(type.kind) ?? []).flatMap((table) => table.cases.map(writeOf));
    assert.deepEqual(
      writes.filter((write) => !cases.includes(write)),
      [],
      `cases of ${type.kind}`,
    );
  }
});

test('answers that differ from those of kube-apiserver become fewer', () => {
  const differing = files.flatMap((file) => kindTable(file).cases.filter(({ ours }) => ours !== undefined));
  assert.ok(differing.length <= 4, `${differing.length} cases of the tables have an answer of ours`);
});
