import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Arrivals, arrivalsMax } from './arrivals.ts';

interface Played {
  readonly arrivals: Arrivals;
  /** Who has begun, in order. */
  readonly begun: string[];
  arrive(caller: string): void;
  nextTurn(): Promise<void>;
  turns(): number;
}

function played(): Played {
  const turns: (() => void)[] = [];
  const begun: string[] = [];
  const arrivals = new Arrivals({ nextTurn: (callback) => void turns.push(callback) });
  return {
    arrivals,
    begun,
    arrive: (caller) => {
      const turn = arrivals.turnOf(caller);
      if (turn === undefined) begun.push(caller);
      else void turn.then(() => begun.push(caller));
    },
    nextTurn: async () => {
      turns.shift()?.();
      await new Promise((resolve) => setImmediate(resolve));
    },
    turns: () => turns.length,
  };
}

test('one request of each caller begins in a turn, the first at once', async () => {
  const { arrive, begun, nextTurn, turns } = played();
  for (const caller of ['eve', 'eve', 'eve', 'ann', 'bob', 'ann']) arrive(caller);
  assert.deepEqual(begun, ['eve', 'ann', 'bob']);
  await nextTurn();
  assert.deepEqual(begun.slice(3), ['eve', 'ann']);
  await nextTurn();
  assert.deepEqual(begun.slice(5), ['eve']);
  await nextTurn();
  assert.equal(turns(), 0);
});

test('a caller whose requests wait has one begun in each turn, and another caller none of its wait', async () => {
  const { arrive, begun, nextTurn } = played();
  for (let count = 0; count < 5; count += 1) arrive('eve');
  await nextTurn();
  arrive('ann');
  assert.deepEqual(begun, ['eve', 'eve', 'ann']);
});

test('a caller with too many requests that wait is turned away, another one is not', () => {
  const { arrivals } = played();
  for (let count = 0; count <= arrivalsMax; count += 1) void arrivals.turnOf('eve');
  assert.throws(() => arrivals.turnOf('eve'), { name: 'TooManyRequests' });
  assert.equal(arrivals.turnOf('ann'), undefined);
});

test('without turns of an event loop all begin at once', () => {
  const arrivals = new Arrivals({});
  for (let count = 0; count < 5; count += 1) assert.equal(arrivals.turnOf('eve'), undefined);
});
