import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { DeploymentSpec } from '../../kube/generated/types.ts';
import { boundsOf, newReplicas, oldSizes } from './rolling.ts';

function spec(replicas: number, maxSurge: number | string, maxUnavailable: number | string): DeploymentSpec {
  return {
    replicas,
    selector: {},
    template: { metadata: {}, spec: { containers: [] } },
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge, maxUnavailable } },
  };
}

describe('the bounds of a rollout', () => {
  const table = [
    { replicas: 10, surge: '25%', unavailable: '25%', expected: [3, 2] },
    { replicas: 1, surge: '25%', unavailable: '25%', expected: [1, 0] },
    { replicas: 10, surge: 0, unavailable: 0, expected: [0, 1] },
    { replicas: 10, surge: '0%', unavailable: '9%', expected: [0, 1] },
    { replicas: 2, surge: 5, unavailable: 5, expected: [5, 2] },
    { replicas: 0, surge: 1, unavailable: 1, expected: [1, 0] },
  ];
  for (const { replicas, surge, unavailable, expected } of table)
    test(`${replicas} pods, surge ${surge}, unavailable ${unavailable}: ${expected.join(' and ')}`, () => {
      const { maxSurge, maxUnavailable } = boundsOf(spec(replicas, surge, unavailable));
      assert.deepEqual([maxSurge, maxUnavailable], expected);
    });

  test('Recreate knows neither', () => {
    assert.deepEqual(boundsOf({ ...spec(3, 1, 1), strategy: { type: 'Recreate' } }), { desired: 3, maxSurge: 0, maxUnavailable: 0 });
  });
});

describe('the new set grows', () => {
  // desired, surge, pods of all sets, pods of the new set → pods of the new set
  const table = [
    [10, 2, 10, 0, 2],
    [10, 2, 12, 2, 2],
    [10, 2, 13, 2, 2],
    [10, 0, 8, 1, 3],
    [10, 5, 5, 5, 10],
    [10, 20, 5, 5, 10],
  ] as const;
  for (const [desired, surge, total, current, expected] of table)
    test(`the new set grows to ${expected} from ${current} of ${desired}, when all have ${total} and ${surge} more are allowed`, () => {
      assert.equal(newReplicas(spec(desired, surge, 0), total, current), expected);
    });

  test('the new set grows at once with Recreate', () => {
    assert.equal(newReplicas({ ...spec(4, 1, 0), strategy: { type: 'Recreate' } }, 9, 0), 4);
  });
});

describe('the old sets shrink', () => {
  const bounds = { desired: 10, maxSurge: 2, maxUnavailable: 2 };
  // new set, old sets, sizes after; a set is [wanted, available]
  const table: readonly [string, [number, number], [number, number][], number[]][] = [
    ['down to the minimum available', [0, 0], [[10, 10]], [8]],
    ['not below the minimum available', [2, 0], [[8, 8]], [8]],
    ['as new pods become available', [2, 2], [[10, 10]], [6]],
    [
      'the oldest first',
      [4, 4],
      [
        [2, 2],
        [6, 6],
      ],
      [0, 4],
    ],
    ['unavailable pods first, whatever the minimum available', [2, 0], [[10, 8]], [8]],
    [
      'unavailable pods of every set before any available one',
      [0, 0],
      [
        [5, 3],
        [5, 5],
      ],
      [3, 5],
    ],
    [
      'to nothing at the end',
      [10, 10],
      [
        [1, 1],
        [1, 0],
      ],
      [0, 0],
    ],
    ['not at all when the new set lacks what the old ones have', [12, 0], [[8, 8]], [8]],
  ];
  for (const [name, fresh, old, expected] of table)
    test(`the old sets shrink ${name}`, () => {
      const sets = old.map(([replicas, available], index) => ({ name: `old-${index}`, replicas, available }));
      const sizes = oldSizes(bounds, sets, { name: 'new', replicas: fresh[0], available: fresh[1] });
      assert.deepEqual(
        sets.map(({ name: set, replicas }) => sizes.get(set) ?? replicas),
        expected,
      );
    });
});
