import assert from 'node:assert/strict';
import { test } from 'node:test';
import { virtualWorld } from '../../../test/support/virtual-world.ts';
import { freshToken } from './fresh-token.ts';
import { credentialMs, gateLife } from './gate-life.ts';

const minuteMs = 60_000;

test('a gate stays until the last credential that it gave has expired', async () => {
  const world = virtualWorld();
  let isOver = false;
  const life = gateLife(world.clock, () => false);
  void life.over.then(() => (isOver = true));
  life.extend();
  await world.advance(50 * minuteMs);
  const expiresMs = life.extend();
  assert.equal(expiresMs, world.clock.now() + credentialMs);
  await world.advance(expiresMs - world.clock.now());
  assert.equal(isOver, false);
  await world.advance(10 * minuteMs);
  assert.equal(isOver, true);
});

test('a gate stays while a connection is open', async () => {
  const world = virtualWorld();
  let [isOver, isOpen] = [false, true];
  const life = gateLife(world.clock, () => isOpen);
  void life.over.then(() => (isOver = true));
  await world.advance(600 * minuteMs);
  assert.equal(isOver, false);
  isOpen = false;
  await world.advance(2 * minuteMs);
  assert.equal(isOver, true);
});

test('the cluster’s credential is fetched once, again before it expires, when it was refused, and when fetching failed', async () => {
  const { clock, advance } = virtualWorld();
  let fetched = 0;
  let isFailing = false;
  const fresh = freshToken(async () => {
    if (isFailing) throw new Error('not signed in');
    fetched += 1;
    return { token: `t${fetched}`, expiresMs: clock.now() + 14 * minuteMs };
  }, clock);
  assert.deepEqual(await Promise.all([fresh.token(), fresh.token()]), ['t1', 't1']);
  await advance(12 * minuteMs);
  assert.equal(await fresh.token(), 't1');
  await advance(1.5 * minuteMs);
  assert.equal(await fresh.token(), 't2');
  fresh.refused();
  isFailing = true;
  await assert.rejects(fresh.token(), /not signed in/);
  isFailing = false;
  assert.equal(await fresh.token(), 't3');
});
