import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Container, PodSpec } from '../../functions/kube/generated/types.ts';
import { facts, lookupOf } from '../../test/support/node-context.ts';
import { container, pod } from '../../test/support/node-pod.ts';
import { containerConfig, partsOfVolumes, type ContainerConfigInput } from './container-config.ts';
import { ContainerConfigError } from './lookup.ts';

const input = (own: Partial<Container>, spec: Partial<PodSpec> = {}, more: Partial<ContainerConfigInput> = {}): ContainerConfigInput => {
  const main = container('main', own);
  return {
    pod: pod({ containers: [main], ...spec }),
    container: main,
    attempt: 1,
    image: undefined,
    lookup: lookupOf({}),
    podIps: ['10.0.0.2'],
    hostIps: ['192.168.0.1'],
    nodeName: 'node-a',
    allocatable: { cpu: '2', memory: '1Gi' },
    memoryCapacityBytes: 1 << 30,
    directories: facts.directories,
    volumes: new Map([
      ['scratch', { path: '/var/lib/agent/scratch', isReadOnly: false }],
      ['settings', { path: '/var/lib/agent/settings', isReadOnly: true }],
    ]),
    subPaths: new Map(),
    hasRecursiveReadOnly: false,
    ...more,
  };
};
const config = (own: Partial<Container>, spec?: Partial<PodSpec>) => containerConfig(input(own, spec));
const refused = (own: Partial<Container>, message: string): void =>
  assert.throws(
    () => config(own),
    (error) => error instanceof ContainerConfigError && error.message === message,
  );

const refusedPart = (own: Partial<Container>, message: string): void =>
  assert.throws(
    () => partsOfVolumes(input(own)),
    (error) => error instanceof ContainerConfigError && error.message === message,
  );

test('a container’s labels and log path name its pod, its container and its attempt', () => {
  const { name, attempt, image, labels, logPath } = config({});
  assert.deepEqual(
    { name, attempt, image, labels, logPath },
    {
      name: 'main',
      attempt: 1,
      image: 'main:v1',
      labels: {
        'io.kubernetes.pod.name': 'web',
        'io.kubernetes.pod.namespace': 'default',
        'io.kubernetes.pod.uid': 'u1',
        'io.kubernetes.container.name': 'main',
      },
      logPath: 'main/1.log',
    },
  );
});

test('its hash changes with the image and with nothing else', () => {
  const hash = (own: Partial<Container>): string => config(own).annotations['io.kubernetes.container.hash']!;
  assert.equal(hash({}), hash({ args: ['x'] }));
  assert.notEqual(hash({}), hash({ image: 'main:v2' }));
});

test('command and arguments may name variables', () => {
  const { command, args, env } = config({
    command: ['/run', '$(WHO)'],
    args: ['--to=$(WHO)', '$$(WHO)', '$(NOBODY)'],
    env: [{ name: 'WHO', value: 'you' }],
  });
  assert.deepEqual(
    [command, args],
    [
      ['/run', 'you'],
      ['--to=you', '$(WHO)', '$(NOBODY)'],
    ],
  );
  assert.deepEqual(env, [{ name: 'WHO', value: 'you' }]);
});

describe('mounts', () => {
  const mounts = (own: Partial<Container>, spec?: Partial<PodSpec>) =>
    config(own, spec).mounts.map(
      ({ containerPath, hostPath, readonly: isReadonly }) => `${containerPath}=${hostPath}${isReadonly ? ' ro' : ''}`,
    );
  const hosts = '/etc/hosts=/var/lib/agent/pods/u1/etc-hosts';
  const lastWords = '/dev/termination-log=/var/lib/agent/pods/u1/containers/main/1';

  test('mounts are the volumes, /etc/hosts and the file for last words', () => {
    const volumeMounts = [
      { name: 'scratch', mountPath: '/scratch' },
      { name: 'scratch', mountPath: 'relative', readOnly: true },
    ];
    assert.deepEqual(mounts({ volumeMounts }), [
      '/scratch=/var/lib/agent/scratch',
      '/relative=/var/lib/agent/scratch ro',
      hosts,
      lastWords,
    ]);
  });

  test('mounts of a volume that the agent writes are read-only, whatever the container asks for', () => {
    const settings = { name: 'settings', mountPath: '/settings' };
    assert.deepEqual(mounts({ volumeMounts: [settings, { ...settings, readOnly: false }, { ...settings, subPath: 'a' }] }).slice(0, 3), [
      '/settings=/var/lib/agent/settings ro',
      '/settings=/var/lib/agent/settings ro',
      '/settings=/var/lib/agent/settings ro',
    ]);
  });

  test('mounts of a part of a volume show where the agent mounted the part', () => {
    const volumeMounts = [
      { name: 'scratch', mountPath: '/whole' },
      { name: 'scratch', mountPath: '/part', subPath: 'a/b' },
    ];
    const { mounts: found } = containerConfig({ ...input({ volumeMounts }), subPaths: new Map([[1, '/bound']]) });
    assert.deepEqual(
      found.slice(0, 2).map(({ hostPath }) => hostPath),
      ['/var/lib/agent/scratch', '/bound'],
    );
  });

  test('mounts leave /etc/hosts to a pod of the host’s network, and to one that mounts its own', () => {
    assert.deepEqual(mounts({}, { hostNetwork: true }), [lastWords]);
    assert.deepEqual(mounts({ volumeMounts: [{ name: 'scratch', mountPath: '/etc/hosts' }] }), [
      '/etc/hosts=/var/lib/agent/scratch',
      lastWords,
    ]);
  });

  test('mounts keep the termination message where the container writes it', () => {
    assert.deepEqual(mounts({ terminationMessagePath: '/tmp/last' }).at(-1), '/tmp/last=/var/lib/agent/pods/u1/containers/main/1');
  });

  test('mounts take a path from a variable', () => {
    const env = [{ name: 'POD_NAME', value: 'web-0' }];
    const volumeMounts = [{ name: 'scratch', mountPath: '/w', subPathExpr: '$(POD_NAME)/x' }];
    assert.deepEqual(partsOfVolumes(input({ env, volumeMounts })), [
      { index: 0, volumeName: 'scratch', volumePath: '/var/lib/agent/scratch', path: 'web-0/x' },
    ]);
  });

  test('mounts propagate as mountPropagation asks, and are private by default', () => {
    const propagation = (mountPropagation?: string): string =>
      config({ volumeMounts: [{ name: 'scratch', mountPath: '/w', mountPropagation }] }).mounts[0]!.propagation;
    assert.deepEqual([undefined, 'None', 'HostToContainer', 'Bidirectional'].map(propagation), [
      'PROPAGATION_PRIVATE',
      'PROPAGATION_PRIVATE',
      'PROPAGATION_HOST_TO_CONTAINER',
      'PROPAGATION_BIDIRECTIONAL',
    ]);
  });

  test('mounts do not lead out of the volume', () => {
    const at = (subPath: string): Partial<Container> => ({ volumeMounts: [{ name: 'scratch', mountPath: '/w', subPath }] });
    refusedPart(at('/etc'), 'error SubPath `/etc` must not be an absolute path');
    refusedPart(at('../other'), "unable to provision SubPath `../other`: must not contain '..'");
    refused({ volumeMounts: [{ name: 'other', mountPath: '/w' }] }, 'cannot find volume "other" to mount into container "main"');
  });
});
