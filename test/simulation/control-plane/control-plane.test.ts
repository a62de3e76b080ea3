import assert from 'node:assert/strict';
import { test } from 'node:test';
import { simulateControlPlane } from './control-plane.ts';

/** `npm test` runs hundreds more, `npm run nightly` thousands: stages.ts. */
const seeds = [3, 17];

test('a control plane keeps its promises, whatever goes wrong', async () => {
  for (const seed of seeds) {
    const { violation } = await simulateControlPlane({ seed });
    assert.equal(violation, undefined, `seed ${seed}: ${violation?.invariant}: ${violation?.what}\n${violation?.history.join('\n')}`);
  }
});

test('work that was decided before its worker took over is done anew', async () => {
  assert.equal((await simulateControlPlane({ seed: 104 })).violation, undefined);
});
