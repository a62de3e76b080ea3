import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { virtualWorld } from '../../../test/support/virtual-world.ts';
import type { PriorityLevelConfiguration } from '../../kube/generated/types.ts';
import { flowSchemas, priorityLevels } from '../../resources/bootstrap/flow-control.ts';
import type { StoreView } from '../../kube/view.ts';
import type { KubeObject } from '../../kube/object.ts';
import { requestInfoOf } from '../http/request-info.ts';
import type { User } from '../ports.ts';
import { crowdedRunningMax } from './crowd.ts';
import { createFlowControl, type FlowControl, waitSecondsMax } from './flow-control.ts';
import { flowOf, orderedSchemas } from './flow-schemas.ts';
import { longRunningMax } from './long-running.ts';
import { limitsOf } from './shares.ts';
import { handOf } from './shuffle-sharding.ts';

const info = (method: string, path: string): ReturnType<typeof requestInfoOf> => requestInfoOf(method, new URL(`https://api${path}`));
const user = (name: string, ...groups: string[]): User => ({ name, groups: [...groups, 'system:authenticated'] });
const node = user('system:node:a', 'system:nodes');
const account = (name: string): User =>
  user(`system:serviceaccount:${name.replace('/', ':')}`, 'system:serviceaccounts', `system:serviceaccounts:${name.split('/')[0]}`);
const lease = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/a';

describe('a request belongs to', () => {
  const schemas = orderedSchemas(flowSchemas, priorityLevels);
  const belonging: readonly (readonly [string, User, string, string, string])[] = [
    ['exempt', user('admin', 'system:masters'), 'DELETE', '/api/v1/nodes/a', ''],
    ['probes', user('any'), 'GET', '/readyz/etcd', ''],
    ['system-node-high', node, 'PUT', lease, 'system:node:a'],
    ['system-node-high', node, 'PATCH', '/api/v1/nodes/a/status', 'system:node:a'],
    ['system-nodes', node, 'GET', '/api/v1/namespaces/x/pods/p', 'system:node:a'],
    ['system-leader-election', account('kube-system/c'), 'PUT', lease, 'system:serviceaccount:kube-system:c'],
    ['kube-system-service-accounts', account('kube-system/c'), 'GET', '/api/v1/namespaces/x', 'x'],
    ['service-accounts', account('x/c'), 'GET', '/api/v1/pods', 'system:serviceaccount:x:c'],
    ['global-default', user('eve'), 'GET', '/api/v1/pods', 'eve'],
    ['global-default', user('eve'), 'GET', '/apis', 'eve'],
  ];
  for (const [name, who, method, path, distinguisher] of belonging) {
    test(`FlowSchema ${name} matches ${who.name} ${method} ${path}`, () => {
      const flow = flowOf(schemas, who, info(method, path));
      assert.deepEqual([flow?.schema.metadata.name, flow?.distinguisher], [name, distinguisher]);
    });
  }

  test('a request does not match a FlowSchema whose PriorityLevelConfiguration is missing', () => {
    const some = orderedSchemas(
      flowSchemas,
      priorityLevels.filter(({ metadata }) => metadata.name !== 'global-default'),
    );
    assert.equal(flowOf(some, user('eve'), info('GET', '/apis'))?.schema.metadata.name, 'catch-all');
  });
});

test('levels have their shares of the seats, lend a part of them, and may borrow', () => {
  const limits = limitsOf(priorityLevels, 60);
  assert.deepEqual(limits.get('node-high'), { nominal: 10, least: 7, most: 60 });
  assert.deepEqual(limits.get('leader-election'), { nominal: 3, least: 3, most: 60 });
  const bounded: PriorityLevelConfiguration = {
    apiVersion: '',
    kind: '',
    metadata: { name: 'b' },
    spec: { type: 'Limited', limited: { nominalConcurrencyShares: 245, borrowingLimitPercent: 10, limitResponse: { type: 'Reject' } } },
  };
  assert.deepEqual(limitsOf([...priorityLevels, bounded], 60).get('b'), { nominal: 30, least: 30, most: 33 });
});

test('a hand has different queues, the same for the same flow', () => {
  for (const [queues, size] of [
    [64, 6],
    [6, 6],
    [1, 1],
    [10_000_000, 2],
  ] as const) {
    const hand = handOf(['schema', 'eve'], queues, size);
    assert.equal(new Set(hand).size, size);
    assert.ok(hand.every((index) => index >= 0 && index < queues));
    assert.deepEqual(handOf(['schema', 'eve'], queues, size), hand);
  }
  assert.notDeepEqual(handOf(['schema', 'eve'], 64, 6), handOf(['schema', 'ann'], 64, 6));
});

interface Cluster {
  readonly control: FlowControl;
  readonly world: ReturnType<typeof virtualWorld>;
}

/** With all flow schemas, or only some. */
function cluster(
  seats: number,
  names = flowSchemas.map(({ metadata }) => metadata.name),
  nextTurn?: (callback: () => void) => void,
): Cluster {
  const world = virtualWorld();
  const schemas = flowSchemas.filter(({ metadata }) => names.includes(metadata.name));
  const stored = (resource: string): readonly KubeObject[] => (resource.startsWith('flow') ? schemas : priorityLevels);
  const identity = {};
  const view = { list: (resource: string) => stored(resource).map((object) => ({ object })), identity: () => identity };
  return {
    world,
    control: createFlowControl({
      view: () => view as unknown as StoreView,
      clock: { ...world.clock, ...(nextTurn && { nextTurn }) },
      seats,
    }),
  };
}

interface Asked {
  readonly outcome: () => 'waits' | 'runs' | 'turned away';
  readonly end: () => void;
}

async function ask({ control }: Cluster, who: User, path = '/api/v1/pods', signal = new AbortController().signal): Promise<Asked> {
  const turn = control.turnOf(who, info('GET', path), false);
  let outcome: ReturnType<Asked['outcome']> = 'waits';
  turn.begin(signal).then(
    () => (outcome = 'runs'),
    () => (outcome = 'turned away'),
  );
  await new Promise((resolve) => setImmediate(resolve));
  return { outcome: () => outcome, end: () => turn.end() };
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function flood(on: Cluster, who: User, count: number): Promise<readonly Asked[]> {
  const all: Asked[] = [];
  for (let n = 0; n < count; n += 1) all.push(await ask(on, who));
  return all;
}

const running = (all: readonly Asked[]): number => all.filter(({ outcome }) => outcome() === 'runs').length;

describe('one user who floods the process', () => {
  test('takes what others lend, and leaves nodes, controllers and leader election their seats', async () => {
    const on = cluster(60);
    const all = await flood(on, account('x/eve'), 400);
    assert.ok(running(all) > 20 && running(all) < 45, String(running(all)));
    for (const who of [node, user('system:kube-controller-manager'), account('kube-system/c'), user('ann')])
      assert.equal((await ask(on, who)).outcome(), 'runs', who.name);
    assert.equal((await ask(on, node, lease)).outcome(), 'runs');
    assert.equal((await ask(on, user('admin', 'system:masters'))).outcome(), 'runs');
  });

  test('one user who floods the process fills the queues of its own hand, and is turned away then', async () => {
    const on = cluster(60);
    const all = await flood(on, account('x/eve'), 500);
    assert.equal(all.filter(({ outcome }) => outcome() === 'waits').length, 6 * 50);
    assert.equal((await ask(on, account('x/eve'))).outcome(), 'turned away');
    assert.equal((await ask(on, account('y/ann'))).outcome(), 'waits');
  });

  test('one user who floods the process is served after another user of its level who came later', async () => {
    const on = cluster(60);
    const all = await flood(on, account('x/eve'), 200);
    const late = await ask(on, account('y/ann'));
    await on.world.advance(10);
    for (const { end } of all.filter(({ outcome }) => outcome() === 'runs').slice(0, 2)) end();
    await settled();
    assert.equal(late.outcome(), 'runs');
  });

  test('one user who floods the process has all its waiting requests served when it ends', async () => {
    const on = cluster(60);
    const all = await flood(on, account('x/eve'), 200);
    const ended = new Set<Asked>();
    while (ended.size < all.length) {
      const one = all.find((asked) => asked.outcome() === 'runs' && !ended.has(asked));
      assert.ok(one !== undefined, 'nothing runs, but something waits');
      one.end();
      ended.add(one);
      await settled();
    }
  });
});

test('while others ask, a flow runs a few requests at once, and a worker of the process more', async () => {
  const on = cluster(60);
  await ask(on, node, lease);
  assert.equal(running(await flood(on, account('x/eve'), 50)), crowdedRunningMax);
  const own = Array.from({ length: 10 }, () => on.control.turnOf(account('kube-system/c'), info('GET', '/api/v1/pods'), true));
  const ended = new AbortController().signal;
  await Promise.all(own.map((turn) => turn.begin(ended)));
});

test('a flow of which nothing runs begins before requests of others that wait', async () => {
  const on = cluster(60);
  const all = await flood(on, account('x/eve'), 20);
  assert.ok(running(all) > crowdedRunningMax);
  const waits = await ask(on, node, lease);
  assert.equal((await ask(on, account('y/ann'))).outcome(), 'runs');
  waits.end();
});

test('of the requests that wait, one begins in each turn of the event loop, as long as there is room', async () => {
  const turns: (() => void)[] = [];
  const on = cluster(60, undefined, (callback) => turns.push(callback));
  const all = await flood(on, account('x/eve'), 200);
  const began = running(all);
  for (const { end } of all.filter(({ outcome }) => outcome() === 'runs').slice(0, 5)) end();
  const counts: number[] = [];
  for (let turn = 0; turn < 7; turn += 1) {
    await settled();
    counts.push(running(all) - began);
    turns.shift()?.();
  }
  assert.deepEqual(counts, [1, 2, 3, 4, 5, 5, 5]);
  assert.deepEqual(turns, []);
  assert.equal((await ask(on, node, lease)).outcome(), 'runs');
});

test('a request that has waited too long, or whose client left, is turned away', async () => {
  const on = cluster(60);
  await flood(on, account('x/eve'), 100);
  const left = new AbortController();
  const [patient, impatient] = [await ask(on, account('y/ann')), await ask(on, account('z/bob'), '/api/v1/pods', left.signal)];
  left.abort();
  await settled();
  assert.deepEqual([patient.outcome(), impatient.outcome()], ['waits', 'turned away']);
  await on.world.advance(waitSecondsMax * 1000);
  await settled();
  assert.equal(patient.outcome(), 'turned away');
});

test('a level that rejects lets nothing wait', async () => {
  const on = cluster(60, ['catch-all']);
  const all = await flood(on, user('eve'), 100);
  const outcomes = all.map(({ outcome }) => outcome());
  assert.deepEqual([outcomes.includes('runs'), outcomes.includes('waits'), outcomes.at(-1)], [true, false, 'turned away']);
});

test('a user holds a limited number of watches, another one as many again', () => {
  const { control } = cluster(60);
  const place = info('GET', '/api/v1/pods?watch=1');
  const releases = Array.from({ length: longRunningMax }, () => control.hold(user('eve'), place));
  assert.throws(() => control.hold(user('eve'), place), { name: 'TooManyRequests' });
  control.hold(user('ann'), place);
  releases[0]?.();
  releases[0]?.();
  control.hold(user('eve'), place);
  assert.throws(() => control.hold(user('eve'), place), { name: 'TooManyRequests' });
  for (let n = 0; n < longRunningMax + 1; n += 1) control.hold(user('admin', 'system:masters'), place);
});
