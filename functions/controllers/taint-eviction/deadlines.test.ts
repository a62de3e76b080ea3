import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Taint, Toleration } from '../../kube/generated/types.ts';
import { timestamp } from '../../kube/time.ts';
import { evictionMs } from './deadlines.ts';

const sinceMs = Date.UTC(2026, 0, 1);
const taint = (key: string, value?: string): Taint => ({ key, value, effect: 'NoExecute', timeAdded: timestamp(sinceMs) });

/** Seconds that a pod with these tolerations may stay. */
const stay = (taints: readonly Taint[], tolerations: Toleration[]): number =>
  (evictionMs({ metadata: {}, spec: { containers: [], tolerations } }, taints, () => sinceMs) - sinceMs) / 1000;

describe('a pod may stay', () => {
  const table: readonly [string, Taint[], Toleration[], number][] = [
    ['for ever without taints', [], [], Infinity],
    ['not at all when it tolerates nothing', [taint('a')], [], 0],
    ['for ever when it tolerates the taint', [taint('a')], [{ key: 'a', operator: 'Exists' }], Infinity],
    ['for ever when it tolerates everything', [taint('a'), taint('b')], [{ operator: 'Exists' }], Infinity],
    ['for as long as its toleration allows', [taint('a')], [{ key: 'a', operator: 'Exists', tolerationSeconds: 300 }], 300],
    ['not at all when its toleration allows zero or less', [taint('a')], [{ key: 'a', operator: 'Exists', tolerationSeconds: -1 }], 0],
    [
      'only as long as the least patient of its tolerations',
      [taint('a')],
      [
        { operator: 'Exists', tolerationSeconds: 60 },
        { key: 'a', operator: 'Exists' },
      ],
      60,
    ],
    ['not at all when one of two taints is not tolerated', [taint('a'), taint('b')], [{ key: 'a', operator: 'Exists' }], 0],
    ['when the value is the same', [taint('a', 'x')], [{ key: 'a', value: 'x' }], Infinity],
    ['not when the value differs', [taint('a', 'x')], [{ key: 'a', value: 'y' }], 0],
    ['not when the effect is another', [taint('a')], [{ key: 'a', operator: 'Exists', effect: 'NoSchedule' }], 0],
  ];
  for (const [name, taints, tolerations, expected] of table)
    test(`a pod may stay ${name}`, () => assert.equal(stay(taints, tolerations), expected));

  test('a pod may stay from when the taint was first seen, if it bears no time', () => {
    const { timeAdded: _timeAdded, ...timeless } = taint('a');
    const pod = { metadata: {}, spec: { containers: [], tolerations: [{ operator: 'Exists', tolerationSeconds: 60 }] } };
    assert.equal(
      evictionMs(pod, [timeless], () => 5000),
      65_000,
    );
  });
});
