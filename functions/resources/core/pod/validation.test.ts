import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Container, Pod, PodSpec } from '../../../kube/generated/types.ts';
import type { FieldError } from '../../../kube/field-error.ts';
import { setPodDefaults } from '../../../kube/pod-defaults.ts';
import { qualifiedNameErrors } from '../../../kube/names.ts';
import { validatePod, validatePodUpdate } from './validation.ts';

const texts = (errors: readonly FieldError[]): string[] => errors.map(({ field, message }) => `${field}: ${message}`);

function pod(spec: Partial<PodSpec> = {}): Pod {
  const object: Pod = { metadata: { name: 'web' }, spec: { containers: [{ name: 'c', image: 'nginx:1' }], ...spec } };
  setPodDefaults(object);
  return object;
}
const withContainer = (container: Partial<Container>): Partial<PodSpec> => ({
  containers: [{ name: 'c', image: 'nginx:1', ...container }],
});

const cases: [string, Partial<PodSpec>, string[]][] = [
  ['nothing wrong', {}, []],
  [
    'wrong sysctls',
    { hostNetwork: true, securityContext: { sysctls: ['foo-', 'a/b', 'a/b', 'net.x', ''].map((name) => ({ name, value: '1' })) } },
    [
      String.raw`spec.securityContext.sysctls[0].name: Invalid value: "foo-": must have at most 253 characters and match regex ^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$`,
      'spec.securityContext.sysctls[2].name: Duplicate value: "a/b"',
      `spec.securityContext.sysctls[3].name: Invalid value: "net.x": may not be specified when 'hostNetwork' is true`,
      'spec.securityContext.sysctls[4].name: Required value',
    ],
  ],
  ['no containers', { containers: [] }, ['spec.containers: Required value']],
  ['no name', withContainer({ name: '' }), ['spec.containers[0].name: Required value']],
  ['a bad name', withContainer({ name: 'a.b' }), ['spec.containers[0].name: Invalid value: "a.b": must not contain dots']],
  ['no image', withContainer({ image: '' }), ['spec.containers[0].image: Required value']],
  [
    'two of a name',
    {
      containers: [
        { name: 'c', image: 'a' },
        { name: 'c', image: 'a' },
      ],
    },
    ['spec.containers[1].name: Duplicate value: "c"'],
  ],
  [
    'a port out of range',
    withContainer({ ports: [{ containerPort: 70000 }] }),
    ['spec.containers[0].ports[0].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive'],
  ],
  ['no port', withContainer({ ports: [{ containerPort: 0 }] }), ['spec.containers[0].ports[0].containerPort: Required value']],
  [
    'a wrong pull policy',
    withContainer({ imagePullPolicy: 'Sometimes' }),
    ['spec.containers[0].imagePullPolicy: Unsupported value: "Sometimes": supported values: "Always", "IfNotPresent", "Never"'],
  ],
  [
    'a wrong restart policy',
    { restartPolicy: 'No' },
    ['spec.restartPolicy: Unsupported value: "No": supported values: "Always", "OnFailure", "Never"'],
  ],
  [
    'a mount of no volume',
    withContainer({ volumeMounts: [{ name: 'x', mountPath: '/x' }] }),
    ['spec.containers[0].volumeMounts[0].name: Not found: "x"'],
  ],
  [
    'more than the limit',
    withContainer({ resources: { requests: { cpu: '2' }, limits: { cpu: '1000m' } } }),
    ['spec.containers[0].resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1'],
  ],
  [
    'less than nothing',
    withContainer({ resources: { requests: { memory: '-1' } } }),
    ['spec.containers[0].resources.requests[memory]: Invalid value: "-1": must be greater than or equal to 0'],
  ],
  [
    'an unknown resource',
    withContainer({ resources: { requests: { gold: '1' } } }),
    [
      'spec.containers[0].resources.requests[gold]: Invalid value: "gold": must be a standard resource type or fully qualified',
      'spec.containers[0].resources.requests[gold]: Invalid value: "gold": must be a standard resource for containers',
    ],
  ],
  [
    'a device without a limit',
    withContainer({ resources: { requests: { 'x.io/gpu': '1' } } }),
    ['spec.containers[0].resources.limits: Required value: Limit must be set for non overcommitable resources'],
  ],
  [
    'a probe that does nothing',
    withContainer({ livenessProbe: {} }),
    ['spec.containers[0].livenessProbe: Required value: must specify a handler type'],
  ],
  [
    'a probe that does two things',
    withContainer({ livenessProbe: { exec: { command: ['a'] }, tcpSocket: { port: 1 } } }),
    ['spec.containers[0].livenessProbe.tcpSocket: Forbidden: may not specify more than 1 handler type'],
  ],
  [
    'a liveness that needs two successes',
    withContainer({ livenessProbe: { exec: { command: ['a'] }, successThreshold: 2 } }),
    ['spec.containers[0].livenessProbe.successThreshold: Invalid value: 2: must be 1'],
  ],
  ['a variable without a name', withContainer({ env: [{ name: '' }] }), ['spec.containers[0].env[0].name: Required value']],
  [
    'a variable with =',
    withContainer({ env: [{ name: 'a=b' }] }),
    [
      'spec.containers[0].env[0].name: Invalid value: "a=b": a valid environment variable name must consist only of printable ASCII characters other than \'=\'',
    ],
  ],
  [
    'a value from nowhere',
    withContainer({ env: [{ name: 'a', valueFrom: {} }] }),
    [
      'spec.containers[0].env[0].valueFrom: Invalid value: "": must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`',
    ],
  ],
  [
    'a value twice',
    withContainer({ env: [{ name: 'a', value: 'x', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }] }),
    ['spec.containers[0].env[0].valueFrom: Invalid value: "": may not be specified when `value` is not empty'],
  ],
  [
    'a field that is none',
    withContainer({ env: [{ name: 'a', valueFrom: { fieldRef: { fieldPath: 'spec.x' } } }] }),
    [
      'spec.containers[0].env[0].valueFrom.fieldRef.fieldPath: Invalid value: "spec.x": error converting fieldPath: field label not supported: spec.x',
    ],
  ],
  [
    'two volumes of a name',
    {
      volumes: [
        { name: 'v', emptyDir: {} },
        { name: 'v', emptyDir: {} },
      ],
    },
    ['spec.volumes[1].name: Duplicate value: "v"'],
  ],
  [
    'a volume of two kinds',
    { volumes: [{ name: 'v', emptyDir: {}, hostPath: { path: '/' } }] },
    ['spec.volumes[0].hostPath: Forbidden: may not specify more than 1 volume type'],
  ],
  [
    'a volume of three kinds, the first of them without its server',
    { volumes: [{ name: 'v', csi: { driver: 'd' }, fc: { wwids: ['a'] }, nfs: { path: '/', server: '' } }] },
    [
      'spec.volumes[0].nfs.server: Required value',
      'spec.volumes[0].fc: Forbidden: may not specify more than 1 volume type',
      'spec.volumes[0].csi: Forbidden: may not specify more than 1 volume type',
    ],
  ],
  ['a secret without a name', { volumes: [{ name: 'v', secret: {} }] }, ['spec.volumes[0].secret.secretName: Required value']],
  [
    'a mode too big',
    { volumes: [{ name: 'v', configMap: { name: 'c', defaultMode: 512 } }] },
    ['spec.volumes[0].configMap.defaultMode: Invalid value: 512: must be a number between 0 and 0777 (octal), both inclusive'],
  ],
  [
    'a deadline of 0',
    { activeDeadlineSeconds: 0 },
    ['spec.activeDeadlineSeconds: Invalid value: 0: must be between 1 and 2147483647, inclusive'],
  ],
  [
    'one port of the node twice',
    {
      containers: [
        { name: 'a', image: 'x', ports: [{ containerPort: 1, hostPort: 80 }] },
        { name: 'b', image: 'x', ports: [{ containerPort: 2, hostPort: 80 }] },
      ],
    },
    ['spec.containers[1].ports[0].hostPort: Duplicate value: "TCP//80"'],
  ],
  [
    'a probe of an init container',
    { initContainers: [{ name: 'i', image: 'x', livenessProbe: { exec: { command: ['a'] } } }] },
    ['spec.initContainers[0].livenessProbe: Forbidden: may not be set for init containers without restartPolicy=Always'],
  ],
  [
    'a toleration of nothing',
    { tolerations: [{ operator: 'Equal', value: 'x' }] },
    [
      'spec.tolerations[0].operator: Invalid value: "Equal": operator must be Exists when `key` is empty, which means "match all values and all keys"',
    ],
  ],
  ['no name servers', { dnsPolicy: 'None' }, ['spec.dnsConfig: Required value: must provide `dnsConfig` when `dnsPolicy` is None']],
  [
    'a place that no node has',
    { affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [] } } } },
    [
      'spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms: Required value: must have at least one node selector term',
    ],
  ],
  [
    'a comparison with two values',
    {
      affinity: {
        nodeAffinity: {
          preferredDuringSchedulingIgnoredDuringExecution: [
            { weight: 0, preference: { matchExpressions: [{ key: 'a', operator: 'Gt', values: ['1', '2'] }] } },
          ],
        },
      },
    },
    [
      'spec.affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].weight: Invalid value: 0: must be in the range 1-100',
      "spec.affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].preference.matchExpressions[0].values: Required value: must be specified single value when `operator` is 'Lt' or 'Gt'",
    ],
  ],
  [
    'company in no place',
    { affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: '' }] } } },
    [
      'spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].topologyKey: Required value: can not be empty',
      ...qualifiedNameErrors('').map(
        (why) => `spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].topologyKey: Invalid value: "": ${why}`,
      ),
    ],
  ],
  [
    'a spread of nothing',
    { topologySpreadConstraints: [{ maxSkew: 0, topologyKey: 'a', whenUnsatisfiable: 'Cry' }] },
    [
      'spec.topologySpreadConstraints[0].maxSkew: Invalid value: 0: must be greater than zero',
      'spec.topologySpreadConstraints[0].whenUnsatisfiable: Unsupported value: "Cry": supported values: "DoNotSchedule", "ScheduleAnyway"',
    ],
  ],
  [
    'an unknown policy',
    { preemptionPolicy: 'Maybe' },
    ['spec.preemptionPolicy: Unsupported value: "Maybe": supported values: "PreemptLowerPriority", "Never"'],
  ],
];

for (const [what, spec, errors] of cases) {
  test(`a pod with ${what} gets ${errors.length} errors`, () => assert.deepEqual(texts(validatePod(pod(spec))), errors));
}

const forbidden =
  'spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)';

const updates: [string, Partial<PodSpec>, Partial<PodSpec>, string[]][] = [
  ['keep everything', {}, {}, []],
  ['change an image', withContainer({ image: 'nginx:2' }), withContainer({ image: 'nginx:1' }), []],
  ['change a command', withContainer({ command: ['x'] }), {}, [forbidden]],
  [
    'add a container',
    { containers: [{ name: 'c' }, { name: 'd' }] },
    {},
    ['spec.containers: Forbidden: pod updates may not add or remove containers'],
  ],
  ['add a toleration', { tolerations: [{ operator: 'Exists' }] }, {}, []],
  [
    'remove a toleration',
    {},
    { tolerations: [{ operator: 'Exists' }] },
    ['spec.tolerations: Forbidden: existing toleration can not be modified except its tolerationSeconds'],
  ],
  ['set a deadline', { activeDeadlineSeconds: 5 }, {}, []],
  [
    'put a deadline off',
    { activeDeadlineSeconds: 9 },
    { activeDeadlineSeconds: 5 },
    ['spec.activeDeadlineSeconds: Invalid value: 9: must be less than or equal to previous value'],
  ],
  ['move to another node', { nodeName: 'b' }, { nodeName: 'a' }, [forbidden]],
  ['open a gate', {}, { schedulingGates: [{ name: 'g' }] }, []],
];

/** The lines that show the change follow the sentence. */
const withoutDifference = (text: string): string => text.split('\n', 1)[0] ?? '';

for (const [what, next, current, errors] of updates) {
  test(`an update may ${errors.length === 0 ? '' : 'not '}${what}`, () =>
    assert.deepEqual(texts(validatePodUpdate(pod(next), pod(current))).map(withoutDifference), errors));
}

test('a refused update shows what it changes, as upstream prints a pod', () => {
  const [error] = texts(validatePodUpdate(pod(withContainer({ command: ['x'] })), pod({})));
  assert.match(error ?? '', /\n@@ .* @@\n[^]*\n-   "Command": null,\n\+   "Command": \[\n\+    "x"\n\+   \],\n/);
});

const projected = (source: object): Pod =>
  ({
    metadata: { name: 'p', namespace: 'default' },
    spec: { ...pod({}).spec, volumes: [{ name: 'v', projected: { sources: [source] } }] },
  }) as Pod;
const certificate = { signerName: 'example.com/mesh', keyType: 'ED25519', keyPath: 'key' };
const at = 'spec.volumes[0].projected.sources[0]';

for (const [source, errors] of [
  [{}, []],
  [
    { serviceAccountToken: { path: '', expirationSeconds: 3600 } },
    [
      'spec.volumes[0].projected.path: Required value',
      `${at}.serviceAccountToken: Forbidden: must not be specified when serviceAccountName is not set`,
    ],
  ],
  [
    { secret: { name: 's', items: [{ key: 'a', path: 'b' }] }, configMap: { name: 'c', items: [{ key: 'a', path: 'b' }] } },
    [
      `${at}: Forbidden: may not specify more than 1 volume type per source`,
      'spec.volumes[0].projected: Invalid value: "c": conflicting duplicate paths',
    ],
  ],
  [{ podCertificate: { ...certificate, maxExpirationSeconds: 3600 } }, []],
  [
    { podCertificate: { ...certificate, maxExpirationSeconds: 3599 } },
    [`${at}.podCertificate.maxExpirationSeconds: Invalid value: 3599: if provided, maxExpirationSeconds must be >= 3600`],
  ],
  [
    { podCertificate: { ...certificate, maxExpirationSeconds: 7_862_401 } },
    [`${at}.podCertificate.maxExpirationSeconds: Invalid value: 7862401: if provided, maxExpirationSeconds must be <= 7862400`],
  ],
  [
    { podCertificate: { ...certificate, keyPath: undefined } },
    [`${at}.podCertificate: Required value: specify at least one of credentialBundlePath, keyPath, and certificateChainPath`],
  ],
  [
    { podCertificate: { ...certificate, keyType: 'DSA' } },
    [
      `${at}.podCertificate.keyType: Unsupported value: "DSA": supported values: "RSA3072", "RSA4096", "ECDSAP256", "ECDSAP384", "ECDSAP521", "ED25519"`,
    ],
  ],
  [{ clusterTrustBundle: { path: 'ca' } }, [`${at}.clusterTrustBundle: Required value: either name or signerName must be specified`]],
  [{ clusterTrustBundle: { path: 'ca', name: 'example.com:mesh:root' } }, []],
  [
    { clusterTrustBundle: { path: '../ca', name: 'root' } },
    [`${at}.clusterTrustBundle.path: Invalid value: "../ca": must not contain '..'`],
  ],
] as const)
  test(`a projection of ${JSON.stringify(source)} has ${errors.length} errors`, () =>
    assert.deepEqual(
      validatePod(projected(source)).map(({ field, message }) => `${field}: ${message}`),
      errors,
    ));
