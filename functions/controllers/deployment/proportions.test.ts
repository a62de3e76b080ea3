import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { proportionalSizes } from './proportions.ts';

describe('scaling in the middle of a rollout', () => {
  // desired, surge, most pods before, sizes (oldest first), sizes after
  const table: readonly [string, number, number, number, number[], number[]][] = [
    ['grows every set by its share', 30, 3, 13, [10, 3], [25, 8]],
    ['shrinks every set by its share', 5, 0, 10, [8, 2], [4, 1]],
    ['gives the rest to the newer of equals', 11, 0, 10, [5, 5], [5, 6]],
    ['takes the rest from the older of equals', 9, 0, 10, [5, 5], [4, 5]],
    ['takes everything when nothing is wanted', 0, 2, 12, [8, 4], [0, 0]],
    ['leaves what is right', 10, 2, 12, [8, 4], [8, 4]],
  ];
  for (const [name, desired, maxSurge, maxReplicasBefore, before, after] of table)
    test(`scaling in the middle of a rollout ${name}`, () => {
      const sets = before.map((replicas, index) => ({ name: `${index}`, createdMs: index, replicas, maxReplicasBefore }));
      const sizes = proportionalSizes({ desired, maxSurge, maxUnavailable: 0 }, sets, 10);
      assert.deepEqual(
        sets.map(({ name: set }) => sizes.get(set)),
        after,
      );
    });
});
