import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pod } from '../../../kube/generated/types.ts';
import { podWarnings, templateWarnings, workloadWarnings } from './warnings.ts';

const pod = (spec: object, container: object = {}, metadata: object = {}): Pod =>
  ({ metadata: { name: 'p', ...metadata }, spec: { containers: [{ name: 'c', image: 'i', ...container }], ...spec } }) as Pod;

for (const [what, object, expected] of [
  ['nothing unusual', pod({}), []],
  [
    'a part of a byte',
    pod({}, { resources: { requests: { memory: '1.1Gi' } } }),
    ['spec.containers[0].resources.requests[memory]: fractional byte value "1181116006400m" is invalid, must be an integer'],
  ],
  [
    'a name with a dot',
    pod({}, {}, { name: 'a.b' }),
    [
      "metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended: [must not contain dots]",
    ],
  ],
  [
    'a variable that is set twice',
    pod(
      {},
      {
        env: [
          { name: 'A', value: '1' },
          { name: 'A', value: '2' },
        ],
      },
    ),
    ['spec.containers[0].env[1]: hides previous definition of "A", which may be dropped when using apply'],
  ],
  [
    'one port of two names',
    pod(
      {},
      {
        ports: [
          { containerPort: 80, protocol: 'TCP' },
          { containerPort: 80, protocol: 'TCP', hostPort: 8080 },
        ],
      },
    ),
    ['spec.containers[0].ports[1]: overlapping port definition with spec.containers[0].ports[0]'],
  ],
  [
    'a volume that is gone',
    pod({ volumes: [{ name: 'v', gitRepo: { repository: 'r' } }] }),
    ['spec.volumes[0].gitRepo: deprecated in v1.11, and disabled by default in v1.33+'],
  ],
  [
    'a selector by an old label',
    pod({ nodeSelector: { 'beta.kubernetes.io/os': 'linux' } }),
    ['spec.nodeSelector[beta.kubernetes.io/os]: deprecated since v1.14; use "kubernetes.io/os" instead'],
  ],
  [
    'files in one place',
    pod({
      volumes: [
        {
          name: 'v',
          configMap: {
            name: 'm',
            items: [
              { key: 'a', path: 'x' },
              { key: 'b', path: 'x/y' },
            ],
          },
        },
      ],
    }),
    ['volume "v" (ConfigMap "m"): overlapping paths: "x/y" with "x"'],
  ],
] as const) {
  test(`a pod with ${what} gets ${expected.length} warnings`, () => assert.deepEqual(podWarnings(object), expected));
}

test('a template is warned of when it changes', () => {
  const template = { metadata: {}, spec: pod({ terminationGracePeriodSeconds: -1 }).spec };
  const warnings = workloadWarnings<{ metadata: { generation?: number } }>(() => template, { isNamed: false });
  const expected = ['spec.template.spec.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1'];
  assert.deepEqual(templateWarnings(template, 'spec.template'), expected);
  assert.deepEqual(warnings({ metadata: { generation: 2 } }, { metadata: { generation: 1 } }), expected);
  assert.deepEqual(warnings({ metadata: { generation: 1 } }, { metadata: { generation: 1 } }), []);
});

test('updates of a pod come without warnings', () => {
  const object = pod({}, {}, { name: 'a.b' });
  assert.deepEqual(podWarnings(object, object), []);
});
