/** A checker that cannot fail is no checker: each rule that is taken out is missed within the stated number of seeds. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { simulate } from './simulation.ts';
import { weakenedStore } from './weakened-store.ts';
import { weakenings, type Weakening } from './weakenings.ts';

async function firstLoss({ without, edits, table, seeds }: Weakening): Promise<string | undefined> {
  const store = edits === undefined ? {} : await weakenedStore(without, edits);
  for (let seed = 1; seed <= seeds; seed += 1) {
    const { violation } = await simulate({ seed, ...store, weakness: table });
    if (violation !== undefined) return `seed ${seed}: ${violation.invariant}: ${violation.what}`;
  }
  return undefined;
}

for (const weakening of weakenings) {
  test(`within ${weakening.seeds} seeds it is noticed that no longer ${weakening.without}`, async () => {
    assert.notEqual(await firstLoss(weakening), undefined);
  });
}
