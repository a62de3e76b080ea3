/**
 * What the functions use, counted exactly; and the README's tables are what `hibernetes cost --simulate` prints. A
 * change of what something costs fails here; UPDATE=1 writes the tables anew.
 */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { environment } from '../../functions/world.ts';
import { simulatedCosts } from '../../infra/cost/cost-tables.ts';
import { measure, type Measurements } from '../../infra/cost/measure.ts';
import { noUsage, nothing } from '../../infra/cost/usage.ts';

const readmeFile = join(import.meta.dirname, '../../README.md');
const [opening, closing] = ['<!-- hibernetes cost --simulate -->\n\n', '\n<!-- end -->'];

describe('what is measured', () => {
  let measured: Measurements;
  before(async () => {
    measured = await measure();
  });

  test('an hour of rest without nodes is the timer alone', () => {
    // Which clusters there are, and of the one: who is due, and what is new.
    const timer = { ...nothing, invocations: 60, waitedMs: 900, tableCalls: 180, readUnits: 180 };
    assert.deepEqual(measured.idleHours[0], { nodes: 0, usage: { ...noUsage, timer } });
  });

  test('three nodes at rest poll, and their polls wake no worker', () => {
    const { api, controllers, scheduler } = measured.idleHours[1]?.usage ?? noUsage;
    // Each poll appends its heartbeat at a head that it reads, and knows by it all that there is.
    assert.deepEqual([api.invocations, api.tableCalls, api.writeUnits], [3 * 180, 2 * 3 * 180, 3 * 180]);
    assert.equal(api.fifoRequests, 0);
    assert.deepEqual(scheduler, nothing);
    // All nodes are checked together. A check that finds nothing leaves one note, and a cursor every few minutes.
    assert.ok(controllers.invocations < 150, `${controllers.invocations} runs an hour`);
    assert.ok(controllers.writeUnits < 1.2 * controllers.invocations, `${controllers.writeUnits} write units an hour`);
  });

  test('a read is one invocation and one read of the head', () => {
    const api = { ...nothing, invocations: 1, waitedMs: 5, tableCalls: 1, readUnits: 1 };
    assert.deepEqual({ ...measured.read, api: { ...measured.read.api, auditBytes: 0 } }, { ...noUsage, api });
    const { auditBytes } = measured.read.api;
    assert.ok(auditBytes > 400 && auditBytes < 1000, `${auditBytes} bytes of the audit log`);
  });

  test('a write is one log entry, and the head if it was not known', () => {
    const { invocations, tableCalls, writeUnits, readUnits } = measured.write.api;
    // One of the twenty may meet a read that another window would have paid.
    assert.deepEqual([invocations, tableCalls, writeUnits, Math.round(readUnits)], [1, 2, 1, 1]);
  });

  test('a watch reads the head once a second, and is paid as long as it lasts', () => {
    const { invocations, tableCalls, waitedMs } = measured.watchHour.api;
    assert.deepEqual([invocations, tableCalls], [6, 3612]);
    assert.equal(Math.round(waitedMs / 1000), 3600);
  });

  test('the README shows what the command prints', () => {
    const readme = readFileSync(readmeFile, 'utf8');
    const [from, to] = [readme.indexOf(opening) + opening.length, readme.indexOf(closing)];
    assert.ok(from >= opening.length && to >= from, 'the README has no place for the tables');
    const tables = simulatedCosts(measured);
    if (environment('UPDATE') === '1') writeFileSync(readmeFile, readme.slice(0, from) + tables + readme.slice(to));
    else assert.equal(readme.slice(from, to), tables);
  });
});
