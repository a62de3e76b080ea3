/** A judge who cannot find anything is none: each rule that is taken out is missed within the stated number of seeds. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SceneName } from './scenes.ts';
import { type Edit, weakenedControlPlane } from './weakened.ts';

interface Weakening extends Edit {
  /** The rule that no longer holds. */
  readonly without: string;
  readonly scenes: readonly SceneName[];
  readonly seeds: number;
  readonly invariants: readonly string[];
}

const weakenings: readonly Weakening[] = [
  {
    without: 'a worker that was replaced writes nothing',
    file: 'store/epoch.ts',
    from: 'if (readObject(view.get(key))?.metadata.uid === uid) return',
    to: 'if (view.get(key) !== undefined) return',
    scenes: ['rollout', 'rollout', 'job'],
    seeds: 60,
    invariants: ['counts', 'job counts'],
  },
  {
    without: 'work decided before its epoch is done anew',
    file: 'store/epoch.ts',
    from: 'if (isEarly && revision < sharedUntil)',
    to: 'if (revision < 0)',
    scenes: ['rollout', 'rollout', 'job'],
    seeds: 60,
    invariants: ['counts', 'job counts'],
  },
  {
    without: 'an owner that is gone adopts nothing',
    file: 'controllers/shared/claim.ts',
    from: '  await assertMayAdopt(claimant, context);\n',
    to: '',
    scenes: ['adoption', 'adoption', 'adoption'],
    seeds: 60,
    invariants: ['adoption'],
  },
  {
    without: 'a quota is counted where a write is decided',
    file: 'apiserver/admission/resource-quota.ts',
    from: "if (operation !== 'delete') checkQuota(",
    to: "if (operation === 'update') checkQuota(",
    scenes: ['quota'],
    seeds: 10,
    invariants: ['quota'],
  },
  {
    without: 'an eviction asks the budget',
    file: 'resources/core/pod/eviction.ts',
    from: '  if (allowed === 0) throw',
    to: '  if (allowed < 0) throw',
    scenes: ['evictions'],
    seeds: 20,
    invariants: ['budgets'],
  },
];

for (const { without, scenes, seeds, invariants, ...edit } of weakenings) {
  test(`within ${seeds} seeds it is noticed that no longer ${without}`, async () => {
    const simulate = await weakenedControlPlane(without, edit);
    let seed = 1;
    let found: string | undefined;
    for (; seed <= seeds && found === undefined; seed += 1) found = (await simulate({ seed, scenes })).violation?.invariant;
    assert.ok(invariants.includes(found ?? ''), `found ${found} with seed ${seed - 1}`);
  });
}
