import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FieldError } from '../../../kube/field-error.ts';
import type { Deployment, DeploymentSpec } from '../../../kube/generated/types.ts';
import { setDeploymentDefaults } from './defaults.ts';
import { deploymentDefinition } from './definition.ts';
import { columns } from './table.ts';
import { validateDeployment, validateDeploymentUpdate } from './validation.ts';

const texts = (errors: readonly FieldError[]): string[] => errors.map(({ field, message }) => `${field}: ${message}`);

function deployment(spec: Partial<DeploymentSpec> = {}): Deployment {
  const object: Deployment = {
    metadata: { name: 'web', namespace: 'default', creationTimestamp: '2026-01-01T00:00:00Z' },
    spec: {
      selector: { matchLabels: { app: 'web' } },
      template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'c', image: 'nginx:1' }] } },
      ...spec,
    },
  };
  setDeploymentDefaults(object);
  return object;
}

test('a deployment rolls a quarter at a time, keeps ten revisions and waits ten minutes', () => {
  const { template: _template, selector: _selector, ...spec } = deployment().spec;
  assert.deepEqual(spec, {
    replicas: 1,
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '25%', maxSurge: '25%' } },
    revisionHistoryLimit: 10,
    progressDeadlineSeconds: 600,
  });
});

test('what only pods get is not written into a template', () => {
  assert.equal(deployment().spec.template.spec.enableServiceLinks, undefined);
  assert.equal(deployment().spec.template.spec.restartPolicy, 'Always');
});

test('recreating needs no numbers', () => {
  assert.deepEqual(deployment({ strategy: { type: 'Recreate' } }).spec.strategy, { type: 'Recreate' });
});

const template = (labels: Record<string, string>): Deployment['spec']['template'] => ({
  metadata: { labels },
  spec: { containers: [{ name: 'c', image: 'nginx:1' }] },
});
const rolling = (maxUnavailable: number | string, maxSurge: number | string): Partial<DeploymentSpec> => ({
  strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable, maxSurge } },
});

const cases: [string, Partial<DeploymentSpec>, string[]][] = [
  ['nothing wrong', {}, []],
  [
    'other labels',
    { template: template({ app: 'x' }) },
    ['spec.template.metadata.labels: Invalid value: {"app":"x"}: `selector` does not match template `labels`'],
  ],
  [
    'no selector',
    { selector: undefined },
    [
      'spec.selector: Required value',
      'spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`',
    ],
  ],
  ['an empty selector', { selector: {} }, ['spec.selector: Invalid value: {}: empty selector is invalid for deployment']],
  [
    'an emptied selector',
    { selector: { matchLabels: {} } },
    ['spec.selector: Invalid value: {}: empty selector is invalid for deployment'],
  ],
  [
    'a selector in another order',
    { selector: { matchExpressions: [{ values: ['b'], operator: '', key: 'app' }], matchLabels: { b: 'c', B: 'c' } } },
    [
      'spec.selector.matchExpressions[0].operator: Invalid value: "": not a valid selector operator',
      'spec.selector: Invalid value: {"matchLabels":{"B":"c","b":"c"},"matchExpressions":[{"key":"app","operator":"","values":["b"]}]}: invalid label selector',
    ],
  ],
  [
    'a selector of nothing',
    { selector: { matchExpressions: [{ key: 'app', operator: 'In' }] } },
    [
      "spec.selector.matchExpressions[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn'",
      'spec.selector: Invalid value: {"matchExpressions":[{"key":"app","operator":"In"}]}: invalid label selector',
    ],
  ],
  ['less than no replicas', { replicas: -1 }, ['spec.replicas: Invalid value: -1: must be greater than or equal to 0']],
  ['no way to move', rolling(0, '0%'), ['spec.strategy.rollingUpdate.maxUnavailable: Invalid value: 0: may not be 0 when `maxSurge` is 0']],
  [
    'more than all unavailable',
    rolling('101%', 0),
    ['spec.strategy.rollingUpdate.maxUnavailable: Invalid value: "101%": must not be greater than 100%'],
  ],
  [
    'numbers for recreating',
    { strategy: { type: 'Recreate', rollingUpdate: {} } },
    ["spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` is 'Recreate'"],
  ],
  [
    'an unknown strategy',
    { strategy: { type: 'Hope' } },
    ['spec.strategy.type: Unsupported value: "Hope": supported values: "Recreate", "RollingUpdate"'],
  ],
  [
    'no time to progress',
    { minReadySeconds: 600 },
    ['spec.progressDeadlineSeconds: Invalid value: 600: must be greater than minReadySeconds'],
  ],
  [
    'a pod that ends',
    { template: { ...template({ app: 'web' }), spec: { containers: [{ name: 'c', image: 'a' }], restartPolicy: 'Never' } } },
    ['spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"'],
  ],
  [
    'a bad container',
    { template: { metadata: { labels: { app: 'web' } }, spec: { containers: [] } } },
    ['spec.template.spec.containers: Required value'],
  ],
];

for (const [what, spec, errors] of cases) {
  test(`a deployment with ${what} gets ${errors.length} errors`, () => {
    const object = deployment(spec);
    assert.deepEqual(texts(validateDeployment(object)), errors);
  });
}

test('the selector of a deployment cannot change', () => {
  const errors = validateDeploymentUpdate(deployment({ selector: { matchLabels: { app: 'x' } } }), deployment());
  assert.deepEqual(texts(errors), ['spec.selector: Invalid value: {"matchLabels":{"app":"x"}}: field is immutable']);
});

test('the table of a deployment has the columns of kubectl get deployments -o wide', () => {
  const object: Deployment = { ...deployment({ replicas: 3 }), status: { readyReplicas: 2, updatedReplicas: 3, availableReplicas: 1 } };
  assert.deepEqual(
    columns.map(({ name, priority, value }) => [name, priority, value(object, Date.parse('2026-01-01T00:01:00Z'))]),
    [
      ['Name', 0, 'web'],
      ['Ready', 0, '2/3'],
      ['Up-to-date', 0, 3],
      ['Available', 0, 1],
      ['Age', 0, '60s'],
      ['Containers', 1, 'c'],
      ['Images', 1, 'nginx:1'],
      ['Selector', 1, 'app=web'],
    ],
  );
});

test('a scale reads and writes the replicas', () => {
  const object = deployment({ replicas: 3 });
  const { scale } = deploymentDefinition;
  assert.equal(scale?.specReplicas(object), 3);
  assert.equal(scale?.statusReplicas(object), 0);
  assert.equal(scale?.selector(object), 'app=web');
  scale?.setReplicas(object, 5);
  assert.equal(object.spec.replicas, 5);
});
