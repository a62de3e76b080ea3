import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ServiceError } from '../../functions/aws/json-service.ts';
import { PretendedTable } from '../../test/support/pretended-table.ts';
import { virtualWorld } from '../../test/support/virtual-world.ts';
import { removeKeys } from './cluster-keys.ts';

type Call = (operation: string, input: object) => unknown;

/** A table of three clusters, and what happens to each call before it gets there. */
function removal(around: (next: Call) => Call = (next) => next) {
  const world = virtualWorld();
  const table = new PretendedTable();
  for (let item = 0; item < 40; item += 1) table.put(`blue.x#L#0#${item % 3}`, `${item}`);
  for (const key of ['blue#L#0#0', 'blue.xy#L#0#0', 'blue.x', '#clusters', 'default#O']) table.put(key, '0');
  const answer: Call = (operation, input) => JSON.parse(table.answer(operation, input as Record<string, unknown>).text) as unknown;
  const call = async (operation: string, input: object): Promise<unknown> => around(answer)(operation, input);
  const run = async (): Promise<number> => {
    const done = removeKeys({ service: { call }, tableName: 't', id: 'blue.x', clock: world.clock });
    const ended = done.then(
      () => true,
      () => true,
    );
    for (let step = 0; step < 100 && !(await Promise.race([ended, world.settle()])); step += 1) await world.advance(1_000);
    return done;
  };
  return { run, table };
}

const left = ['#clusters 0', 'blue#L#0#0 0', 'blue.x 0', 'blue.xy#L#0#0 0', 'default#O 0'];

test('what begins with the cluster’s id goes, and nothing that only looks like it', async () => {
  const { run, table } = removal();
  assert.equal(await run(), 40);
  assert.deepEqual(table.keys(), left);
  assert.equal(await run(), 0);
});

test('what the table did not get round to is asked for again', async () => {
  let batches = 0;
  const { run, table } = removal((next) => (operation, input) => {
    if (operation !== 'BatchWriteItem' || (batches += 1) % 2 === 0) return next(operation, input);
    const { RequestItems } = input as { RequestItems: { t: object[] } };
    const [first, ...rest] = RequestItems.t;
    next(operation, { RequestItems: { t: [first] } });
    return { UnprocessedItems: rest.length === 0 ? {} : { t: rest } };
  });
  assert.equal(await run(), 40);
  assert.deepEqual(table.keys(), left);
});

const throttle = new ServiceError(400, { __type: 'x#ThrottlingException', message: 'slower' });

test('a table that is busy is asked again a little later, and not for ever', async () => {
  let calls = 0;
  const { run, table } = removal((next) => (operation, input) => {
    if ((calls += 1) % 2 === 1) throw throttle;
    return next(operation, input);
  });
  assert.equal(await run(), 40);
  assert.deepEqual(table.keys(), left);
  let asked = 0;
  const never = removal(() => () => {
    asked += 1;
    throw throttle;
  });
  await assert.rejects(never.run(), throttle);
  assert.equal(asked, 10);
});

test('a refusal is not asked again', async () => {
  const refusal = new ServiceError(400, { __type: 'x#AccessDeniedException', message: 'no' });
  let asked = 0;
  const { run } = removal(() => () => {
    asked += 1;
    throw refusal;
  });
  await assert.rejects(run(), refusal);
  assert.equal(asked, 1);
});
