import assert from 'node:assert/strict';
import { test } from 'node:test';
import { explore } from './explore.ts';
import { allRules, type Rules } from './model.ts';

const bounds = { operations: 1, ticks: 1, putsUnderWay: 2 };

test('with all rules, no state of the model loses anything', () => {
  const { loss, way, states } = explore(allRules, bounds);
  assert.equal(loss, undefined, way.join('\n'));
  assert.ok(states > 100_000, `only ${states} states were looked at`);
});

for (const rule of Object.keys(allRules) as (keyof Rules)[]) {
  test(`without the rule "${rule}", the model loses something`, () => {
    const { loss } = explore({ ...allRules, [rule]: false }, bounds);
    assert.notEqual(loss, undefined);
  });
}
