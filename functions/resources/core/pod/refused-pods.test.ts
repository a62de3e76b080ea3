import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pod } from '../../../kube/generated/types.ts';
import { setPodDefaults } from '../../../kube/pod-defaults.ts';
import { validatePod } from './validation.ts';

const pod = (spec: object, container: object = {}): Pod => {
  const object = { metadata: { name: 'p' }, spec: { containers: [{ name: 'c', image: 'i', ...container }], ...spec } } as Pod;
  setPodDefaults(object);
  return object;
};
const texts = (object: Pod): string[] => validatePod(object).map(({ field, message }) => `${field}: ${message}`);
const container = 'spec.containers[0]';

for (const [what, object, expected] of [
  ['another scheduler', pod({ schedulerName: 'MyScheduler' }), []],
  [
    'ephemeral containers',
    pod({ ephemeralContainers: [{ name: 'e', image: 'i', terminationMessagePolicy: 'File', imagePullPolicy: 'Always' }] }),
    ['spec.ephemeralContainers: Forbidden: cannot be set on create'],
  ],
  ['NFS without a server', pod({ volumes: [{ name: 'v', nfs: { path: '/x' } }] }), ['spec.volumes[0].nfs.server: Required value']],
  ['CSI without a driver', pod({ volumes: [{ name: 'v', csi: {} }] }), ['spec.volumes[0].csi.driver: Required value']],
  ['an image of no name', pod({ volumes: [{ name: 'v', image: {} }] }), ['spec.volumes[0].image.reference: Required value']],
  [
    'huge pages alone',
    pod({}, { resources: { limits: { 'hugepages-2Mi': '2Mi' } } }),
    [`${container}.resources: Forbidden: HugePages require cpu or memory`],
  ],
  [
    'a part of a GPU',
    pod({}, { resources: { limits: { 'nvidia.com/gpu': '500m' } } }),
    ['limits', 'requests'].map((list) => `${container}.resources.${list}[nvidia.com/gpu]: Invalid value: "500m": must be an integer`),
  ],
  [
    'users of its own on the network of the host',
    pod({ hostUsers: false, hostNetwork: true }),
    ['spec.hostNetwork: Forbidden: when `hostUsers` is false'],
  ],
  [
    'domains where any place will do',
    pod({ topologySpreadConstraints: [{ maxSkew: 1, topologyKey: 'z', whenUnsatisfiable: 'ScheduleAnyway', minDomains: 2 }] }),
    [
      'spec.topologySpreadConstraints[0].minDomains: Invalid value: 2: can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ScheduleAnyway',
    ],
  ],
  [
    'a hook that sleeps too long',
    pod({ terminationGracePeriodSeconds: 5 }, { lifecycle: { preStop: { sleep: { seconds: 10 } } } }),
    [`${container}.lifecycle.preStop.sleep: Invalid value: 10: must be non-negative and less than terminationGracePeriodSeconds (5)`],
  ],
  [
    'CPUs counted in bytes',
    pod({}, { env: [{ name: 'E', valueFrom: { resourceFieldRef: { resource: 'limits.cpu', divisor: '1Mi' } } }] }),
    [
      `${container}.env[0].valueFrom.resourceFieldRef.divisor: Invalid value: "limits.cpu": only divisor's values 1m and 1 are supported with the cpu resource`,
    ],
  ],
  [
    'an option of DNS without a name',
    pod({ dnsConfig: { options: [{ value: 'x' }] } }),
    ['spec.dnsConfig.options[0]: Required value: must not be empty'],
  ],
  [
    'rules for a restart that is not declared',
    pod({}, { restartPolicyRules: [{ action: 'x' }] }),
    [
      `${container}.restartPolicy: Required value: must specify restartPolicy when restart rules are used`,
      `${container}.restartPolicyRules[0].action: Unsupported value: "x": supported values: "Restart", "RestartAllContainers"`,
      `${container}.restartPolicyRules[0].exitCodes: Required value: must be specified`,
    ],
  ],
] as const) {
  test(`a pod with ${what} gets ${expected.length} errors`, () => assert.deepEqual(texts(object), expected));
}
