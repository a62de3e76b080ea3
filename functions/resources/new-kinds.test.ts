import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cronError } from '../kube/cron.ts';
import type { FieldError } from '../kube/field-error.ts';
import { qualifiedNameErrors } from '../kube/names.ts';
import type { Json, KubeObject } from '../kube/object.ts';
import { conversion } from './autoscaling/horizontalpodautoscaler/conversion.ts';
import { createDefinitions } from './all.ts';

const definitions = createDefinitions();
for (const { load } of definitions) await load?.();
const context = { nowMs: Date.parse('2026-01-01T00:00:00Z'), userName: 'test', random: () => 0 };
const texts = (errors: readonly FieldError[]): string[] => errors.map(({ field, message }) => `${field}: ${message}`);

/** The object as a creation leaves it before it is stored. */
function created(kind: string, fields: object): { object: KubeObject; errors: string[] } {
  const definition = definitions.find(({ type }) => type.kind === kind);
  assert.ok(definition !== undefined);
  const object = definition.schema.decode({ metadata: { name: 'a', uid: 'u' }, ...fields } as unknown as Json & object)
    .object as unknown as KubeObject;
  definition.setDefaults?.(object);
  definition.prepareForCreate?.(object, context);
  return { object, errors: texts(definition.validate?.(object) ?? []) };
}

const template = (spec: object = {}): object => ({
  metadata: { labels: { app: 'web' } },
  spec: { containers: [{ name: 'c', image: 'nginx:1' }], ...spec },
});
const selector = { matchLabels: { app: 'web' } };
const never = { restartPolicy: 'Never' };

const refusals: readonly [kind: string, fields: object, errors: string[]][] = [
  ['DaemonSet', { spec: { selector, template: template() } }, []],
  [
    'DaemonSet',
    { spec: { selector: { matchLabels: { app: 'other' } }, template: template() } },
    ['spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`'],
  ],
  [
    'DaemonSet',
    { spec: { selector, template: template(), updateStrategy: { rollingUpdate: { maxUnavailable: 0 } } } },
    ['spec.updateStrategy.rollingUpdate.maxUnavailable: Required value: cannot be 0 when maxSurge is 0'],
  ],
  ['StatefulSet', { spec: { selector, template: template(), serviceName: 'web' } }, []],
  [
    'StatefulSet',
    { spec: { selector, template: template(), podManagementPolicy: 'Some', replicas: -1 } },
    [
      `spec.podManagementPolicy: Invalid value: "Some": must be 'OrderedReady' or 'Parallel'`,
      'spec.replicas: Invalid value: -1: must be greater than or equal to 0',
    ],
  ],
  ['Job', { spec: { template: template(never) } }, []],
  [
    'Job',
    { spec: { template: template(), backoffLimit: -1 } },
    [
      'spec.backoffLimit: Invalid value: -1: must be greater than or equal to 0',
      'spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"',
    ],
  ],
  ['CronJob', { spec: { schedule: '*/5 * * * *', jobTemplate: { spec: { template: template(never) } } } }, []],
  [
    'CronJob',
    { spec: { schedule: '61 * * * *', jobTemplate: { spec: { template: template(never) } } } },
    ['spec.schedule: Invalid value: "61 * * * *": end of range (61) above maximum (59): 61'],
  ],
  ['PodDisruptionBudget', { spec: { minAvailable: '50%' } }, []],
  [
    'HorizontalPodAutoscaler',
    { spec: { scaleTargetRef: { kind: 'Deployment', name: 'web', apiVersion: 'v1' } } },
    [
      'spec.maxReplicas: Invalid value: 0: must be greater than or equal to `minReplicas`',
      'spec.scaleTargetRef.apiVersion: Invalid value: "v1": apiVersion must specify API group',
      'spec.maxReplicas: Required value',
    ],
  ],
  [
    'PersistentVolumeClaim',
    { spec: {} },
    ['spec.accessModes: Required value: at least 1 access mode is required', 'spec.resources[storage]: Required value'],
  ],
  [
    'PersistentVolume',
    { spec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], nfs: { path: 'x' } } },
    ['spec.nfs.server: Required value', 'spec.nfs.path: Invalid value: "x": must be an absolute path'],
  ],
  ['ResourceQuota', { spec: { hard: { pods: '1' } } }, []],
  [
    'LimitRange',
    { spec: { limits: [{ type: 'Container', min: { cpu: '2' }, max: { cpu: '1' } }] } },
    [
      'spec.limits[0].min[cpu]: Invalid value: "2": min value 2 is greater than max value 1',
      'spec.limits[0].defaultRequest[cpu]: Invalid value: "1": min value 2 is greater than default request value 1',
      'spec.limits[0].default[cpu]: Invalid value: "2": min value 2 is greater than default value 1',
    ],
  ],
  ['PriorityClass', { value: 2_000_000_000 }, ['value: Forbidden: maximum allowed value of a user defined priority is 1000000000']],
  [
    'StorageClass',
    { allowedTopologies: [{}] },
    ['allowedTopologies[0].matchLabelExpressions: Duplicate value: ""', 'provisioner: Required value'],
  ],
  [
    'StorageClass',
    { provisioner: 'a', allowedTopologies: [{ matchLabelExpressions: [{ key: 'zone', values: [] }] }] },
    ['allowedTopologies[0].matchLabelExpressions[0].values: Required value'],
  ],
  [
    'Endpoints',
    { subsets: [{ addresses: [{ ip: '1.2.3.4' }], ports: [{ port: 80, appProtocol: '_' }] }] },
    [`subsets[0].ports[0].appProtocol: Invalid value: "_": ${qualifiedNameErrors('_')[0]}`],
  ],
  [
    'PriorityLevelConfiguration',
    { spec: { limited: { limitResponse: { type: 'Reject' } } } },
    ['spec.limited: Forbidden', 'spec.type: Required value'],
  ],
  [
    'ValidatingAdmissionPolicyBinding',
    { spec: { paramRef: { name: 'p', namespace: '5%', parameterNotFoundAction: 'Allow' } } },
    ['spec.policyName: Required value', 'spec.validationActions: Required value'],
  ],
];

for (const [kind, fields, errors] of refusals) {
  test(`a ${kind} with ${JSON.stringify(fields).slice(0, 60)} gets ${errors.length} errors`, () =>
    assert.deepEqual(created(kind, fields).errors, errors));
}

test('a job chooses its pods by its own uid', () => {
  const { object } = created('Job', { spec: { template: template(never) } });
  assert.deepEqual((object as { spec?: { selector?: object } }).spec?.selector, {
    matchLabels: { 'batch.kubernetes.io/controller-uid': 'u' },
  });
});

const schedules: readonly [schedule: string, error: string | undefined][] = [
  ['0 0 1 jan mon-fri', undefined],
  ['@daily', undefined],
  ['@every 1h30m', undefined],
  ['@fortnightly', 'unrecognized descriptor: @fortnightly'],
  ['* * * *', 'expected exactly 5 fields, found 4: [* * * *]'],
  ['5-1 * * * *', 'beginning of range (5) beyond end of range (1): 5-1'],
  ['x * * * *', 'failed to parse int from x: strconv.Atoi: parsing "x": invalid syntax'],
];
for (const [schedule, error] of schedules) {
  test(`the schedule ${schedule} is ${error === undefined ? 'one' : 'none'}`, () => assert.equal(cronError(schedule), error));
}

test('an autoscaler survives the way through its first version', () => {
  const { object } = created('HorizontalPodAutoscaler', {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
      maxReplicas: 3,
      metrics: [
        { type: 'Resource', resource: { name: 'memory', target: { type: 'AverageValue', averageValue: '1Gi' } } },
        { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } } },
      ],
      behavior: { scaleDown: { stabilizationWindowSeconds: 60 } },
    },
  });
  const v1 = conversion.fromStored(object) as { spec?: { targetCPUUtilizationPercentage?: number } } & KubeObject;
  assert.equal(v1.spec?.targetCPUUtilizationPercentage, 50);
  assert.deepEqual(
    v1.metadata.annotations?.['autoscaling.alpha.kubernetes.io/metrics'],
    '[{"type":"Resource","resource":{"name":"memory","targetAverageValue":"1Gi"}}]',
  );
  assert.deepEqual(conversion.toStored(v1), object);
});
