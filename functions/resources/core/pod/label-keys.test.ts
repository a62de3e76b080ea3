import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pod, PodAffinityTerm } from '../../../kube/generated/types.ts';
import { applyLabelKeys } from './label-keys.ts';

const labelled = (spec: Partial<Pod['spec']>): Pod => ({
  metadata: { name: 'web', labels: { app: 'web', hash: '7c9f' } },
  spec: { containers: [{ name: 'c' }], ...spec },
});
const term = (keys: Partial<PodAffinityTerm>): PodAffinityTerm => ({ topologyKey: 'zone', ...keys });
const hash = (operator: string): object => ({ key: 'hash', operator, values: ['7c9f'] });

test('a term of affinity selects by the values that the new pod has for its keys', () => {
  const required = term({ labelSelector: { matchLabels: { app: 'web' } }, matchLabelKeys: ['hash', 'missing'] });
  const preferred = term({ labelSelector: {}, mismatchLabelKeys: ['hash'] });
  const pod = labelled({
    affinity: {
      podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [required] },
      podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, podAffinityTerm: preferred }] },
    },
  });
  applyLabelKeys(pod);
  assert.deepEqual(required.labelSelector, { matchLabels: { app: 'web' }, matchExpressions: [hash('In')] });
  assert.deepEqual(preferred.labelSelector, { matchExpressions: [hash('NotIn')] });
});

test('a constraint of spread keeps its requirements before those of its keys', () => {
  const own = { key: 'app', operator: 'Exists' };
  const constraint = { maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule', matchLabelKeys: ['hash'] };
  const pod = labelled({ topologySpreadConstraints: [{ ...constraint, labelSelector: { matchExpressions: [own] } }, constraint] });
  applyLabelKeys(pod);
  assert.deepEqual(
    pod.spec.topologySpreadConstraints?.map(({ labelSelector }) => labelSelector),
    [{ matchExpressions: [own, hash('In')] }, undefined],
  );
});
