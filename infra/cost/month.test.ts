import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Measurements } from './measure.ts';
import {
  auditDollars,
  coldStartMsOf,
  dollarsOf,
  dollarsOfRows,
  freeDollars,
  gbSecondsOf,
  idleHour,
  monthRows,
  monthUsage,
  shapeOf,
} from './month.ts';
import { noUsage, nothing, type Usage } from './usage.ts';

const using = (part: Partial<Usage>): Usage => ({ ...noUsage, ...part });
const nodesAt = (nodes: number, controllers: number, api: number) => ({
  nodes,
  usage: using({
    api: { ...nothing, invocations: api },
    controllers: { ...nothing, invocations: controllers, readUnits: controllers },
  }),
});

const measured: Measurements = {
  idleHours: [nodesAt(0, 0, 0), nodesAt(10, 100, 1800), nodesAt(20, 150, 3600)],
  podLife: using({ api: { ...nothing, writeUnits: 20 } }),
  podReplaced: noUsage,
  write: using({ api: { ...nothing, invocations: 1, writeUnits: 1 } }),
  read: using({ api: { ...nothing, invocations: 1, readUnits: 1 } }),
  watchHour: using({ api: { ...nothing, waitedMs: 3_600_000 } }),
  coldStart: { ...nothing, readUnits: 100 },
  coldStartPodReadUnits: 1,
};

describe('an hour of rest', () => {
  test('an hour of rest lies on a straight line between what was measured, and beyond', () => {
    assert.deepEqual(
      [0, 5, 10, 15, 20, 40].map((nodes) => idleHour(measured, nodes).api.invocations),
      [0, 900, 1800, 2700, 3600, 7200],
    );
  });

  test('with many nodes, controllers wake no more often than their limit, and still read every node', () => {
    const { controllers } = idleHour(measured, 1000);
    assert.deepEqual([controllers.invocations, controllers.readUnits], [180, 5050]);
  });
});

test('a month is made of rest, pods, requests, watches and cold starts', () => {
  const shape = { ...shapeOf(0, 0), readsPerDay: 0, writesPerDay: 0, watchHoursPerDay: 0 };
  const api = (part: Partial<typeof shape>): Usage['api'] => monthUsage(measured, { ...shape, ...part }).api;
  assert.equal(api({}).readUnits, 36_500);
  assert.equal(api({ pods: 100 }).readUnits, 73_000);
  assert.equal(Math.round(api({ podLivesPerDay: 1 }).writeUnits), 608);
  assert.equal(Math.round(api({ readsPerDay: 2 }).readUnits), 36_561);
  assert.equal(Math.round(api({ writesPerDay: 2 }).writeUnits), 61);
  assert.equal(api({ nodes: 10 }).invocations, 1800 * 730);
});

test('time is paid by memory, and everything else by the piece', () => {
  const used = { ...nothing, invocations: 1_000_000, waitedMs: 0 };
  assert.equal(gbSecondsOf('timer', used), 2500);
  const dollars = dollarsOf(
    { ...used, writeUnits: 1_000_000, readUnits: 1_000_000, fifoRequests: 1_000_000, standardRequests: 1_000_000 },
    0,
  );
  assert.equal(Math.round(dollars * 1000), 1850);
});

test('a function with little memory starts slowly', () => {
  assert.deepEqual([coldStartMsOf('controllers'), Math.round(coldStartMsOf('materializer'))], [400, 1382]);
});

test('what is free each month is taken off once, and no more than there is', () => {
  const row = (part: Partial<Usage['api']>, gbSeconds: number) => ({
    name: '',
    basis: 'counted' as const,
    usage: { ...nothing, ...part },
    gbSeconds,
    dollars: 0,
  });
  const small = row({ invocations: 500_000, fifoRequests: 200_000, standardRequests: 300_000 }, 200_000);
  const minute = 43_800e-6;
  const tenAlarms = 1;
  const cents = (...rows: ReturnType<typeof row>[]): number => Math.round((freeDollars(rows) - minute - tenAlarms) * 100);
  assert.deepEqual([cents(), cents(small), cents(small, small), cents(small, small, small)], [0, 297, 593, 593]);
});

test('an audit log costs what comes in, and what is kept of it', () => {
  const gigabyte = { ...measured, write: using({ api: { ...nothing, auditBytes: 1024 ** 3 } }) };
  const shape = { ...shapeOf(0, 0), readsPerDay: 0, watchHoursPerDay: 0, writesPerDay: 12 / 365 };
  assert.equal(auditDollars(gigabyte, shape).toFixed(4), (0.5 + 3 * 0.03).toFixed(4));
});

test('what runs never and waits always is on the bill too', () => {
  const rows = monthRows(measured, shapeOf(0, 0));
  assert.deepEqual(
    rows.map(({ name }) => name),
    [
      'api',
      'controllers',
      'scheduler',
      'materializer',
      'doorbell',
      'timer',
      'storage and its recovery',
      'logs',
      'queues, asked while empty',
      'the minute',
      'the key that seals Secrets',
      'alarms',
    ],
  );
  assert.ok(Math.abs(dollarsOfRows(rows) - rows.reduce((sum, { dollars }) => sum + dollars, 0)) < 1e-9);
});
