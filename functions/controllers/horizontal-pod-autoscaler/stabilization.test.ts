import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { HorizontalPodAutoscalerBehavior, HPAScalingRules } from '../../kube/generated/types.ts';
import { decide, historyOf, noteOf } from './stabilization.ts';
import type { History } from './stabilization.ts';

const nowMs = 10_000_000;
const secondsAgo = (seconds: number, count: number): { atMs: number; count: number } => ({ atMs: nowMs - seconds * 1000, count });
const history = (parts: Partial<History> = {}): History => ({ recommendations: [], scaledUp: [], scaledDown: [], ...parts });

const up: HPAScalingRules = {
  selectPolicy: 'Max',
  stabilizationWindowSeconds: 0,
  policies: [
    { type: 'Pods', value: 4, periodSeconds: 15 },
    { type: 'Percent', value: 100, periodSeconds: 15 },
  ],
};
const down: HPAScalingRules = { selectPolicy: 'Max', policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }] };

interface Row {
  readonly name: string;
  readonly wanted: number;
  readonly current: number;
  readonly behavior?: HorizontalPodAutoscalerBehavior;
  readonly history?: History;
  readonly expected: readonly [replicas: number, able: string, limited: string];
}

describe('an autoscaler', () => {
  const table: readonly Row[] = [
    { name: 'goes where the metrics point', wanted: 5, current: 4, expected: [5, 'ReadyForNewScale', 'DesiredWithinRange'] },
    { name: 'at most doubles', wanted: 30, current: 6, expected: [12, 'ReadyForNewScale', 'ScaleUpLimit'] },
    { name: 'goes to four at once', wanted: 9, current: 1, expected: [4, 'ReadyForNewScale', 'ScaleUpLimit'] },
    { name: 'stops at its maximum', wanted: 30, current: 15, expected: [20, 'ReadyForNewScale', 'TooManyReplicas'] },
    { name: 'stops at its minimum', wanted: 1, current: 4, expected: [2, 'ReadyForNewScale', 'TooFewReplicas'] },
    {
      name: 'waits five minutes before it shrinks',
      wanted: 3,
      current: 8,
      history: history({ recommendations: [secondsAgo(290, 8)] }),
      expected: [8, 'ScaleDownStabilized', 'DesiredWithinRange'],
    },
    {
      name: 'shrinks then',
      wanted: 3,
      current: 8,
      history: history({ recommendations: [secondsAgo(301, 8)] }),
      expected: [3, 'ReadyForNewScale', 'DesiredWithinRange'],
    },
    {
      name: 'by its rules grows by the larger of two policies',
      wanted: 20,
      current: 6,
      behavior: { scaleUp: up, scaleDown: down },
      expected: [12, 'ReadyForNewScale', 'ScaleUpLimit'],
    },
    {
      name: 'by its rules grows by the smaller of two policies',
      wanted: 20,
      current: 6,
      behavior: { scaleUp: { ...up, selectPolicy: 'Min' }, scaleDown: down },
      expected: [10, 'ReadyForNewScale', 'ScaleUpLimit'],
    },
    {
      name: 'by its rules counts what it grew before',
      wanted: 20,
      current: 10,
      behavior: { scaleUp: { ...up, policies: [{ type: 'Pods', value: 4, periodSeconds: 60 }] }, scaleDown: down },
      history: history({ scaledUp: [secondsAgo(30, 3)] }),
      expected: [11, 'ReadyForNewScale', 'ScaleUpLimit'],
    },
    {
      name: 'by its rules waits before it grows',
      wanted: 10,
      current: 4,
      behavior: { scaleUp: { ...up, stabilizationWindowSeconds: 60 }, scaleDown: down },
      history: history({ recommendations: [secondsAgo(30, 5)] }),
      expected: [5, 'ScaleUpStabilized', 'DesiredWithinRange'],
    },
    {
      name: 'by its rules shrinks no faster than they allow',
      wanted: 2,
      current: 10,
      behavior: { scaleUp: up, scaleDown: { ...down, policies: [{ type: 'Pods', value: 3, periodSeconds: 60 }] } },
      expected: [7, 'ReadyForNewScale', 'ScaleDownLimit'],
    },
    {
      name: 'by its rules never shrinks where that is disabled',
      wanted: 2,
      current: 10,
      behavior: { scaleUp: up, scaleDown: { ...down, selectPolicy: 'Disabled' } },
      expected: [10, 'ReadyForNewScale', 'ScaleDownLimit'],
    },
  ];
  for (const { name, wanted, current, behavior, history: past = history(), expected } of table) {
    test(`an autoscaler ${name}`, () => {
      const { replicas, able, limited } = decide(wanted, { current, min: 2, max: 20, behavior }, past, nowMs);
      assert.deepEqual([replicas, able[0], limited[1]], expected);
    });
  }

  test('an autoscaler keeps its history in a note, without what is too old', () => {
    const past = history({ recommendations: [secondsAgo(301, 9), secondsAgo(10, 4)], scaledDown: [secondsAgo(10, 2), secondsAgo(20, 1)] });
    assert.deepEqual(
      historyOf(noteOf(past, { scaleUp: up, scaleDown: down }, nowMs)),
      history({ recommendations: [secondsAgo(10, 4)], scaledDown: [secondsAgo(10, 2)] }),
    );
  });
});
