import assert from 'node:assert/strict';
import { test } from 'node:test';
import { virtualWorld } from '../../../test/support/virtual-world.ts';
import { Crowd, crowdedRunningMax, presentMs } from './crowd.ts';

test('a flow that asks alone may begin as many as there are', () => {
  const crowd = new Crowd(virtualWorld().clock);
  for (let count = 0; count < 3 * crowdedRunningMax; count += 1) {
    crowd.arrived('eve');
    assert.ok(crowd.mayBegin('eve'));
    crowd.began('eve');
  }
});

test('a flow runs a few requests at once while another asks, and until a second after that', async () => {
  const world = virtualWorld();
  const crowd = new Crowd(world.clock);
  const ends: (() => void)[] = [];
  for (let count = 0; count < crowdedRunningMax; count += 1) ends.push(crowd.began('eve'));
  crowd.arrived('ann');
  crowd.arrived('eve');
  crowd.arrived('eve');
  assert.deepEqual([crowd.mayBegin('eve'), crowd.mayBegin('ann')], [false, true]);
  ends[0]?.();
  assert.ok(crowd.mayBegin('eve'));
  crowd.began('eve');
  await world.advance(presentMs);
  assert.ok(crowd.mayBegin('eve'));
  crowd.arrived('ann');
  assert.ok(!crowd.mayBegin('eve'));
});
