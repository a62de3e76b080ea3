import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { contractContainer, contractSandbox } from '../runtime.contract.ts';
import { containerStatusFrom, imageFrom, sandboxStatusFrom, type ContainerStatusMessage, type SandboxStatusMessage } from './answers.ts';
import { definitions } from './channel.ts';
import { containerConfigMessage, sandboxConfigMessage } from './requests.ts';
import type { MethodDefinition, ServiceDefinition } from '@grpc/proto-loader';

type Method = MethodDefinition<object, object>;
const method = (service: string, name: string): Method => (definitions[`runtime.v1.${service}`] as ServiceDefinition)[name] as Method;
/** What the runtime reads of a request after it went over the wire. */
const heard = (service: string, name: string, request: object): Record<string, unknown> => {
  const { requestSerialize, requestDeserialize } = method(service, name);
  return requestDeserialize(requestSerialize(request)) as Record<string, unknown>;
};

describe('a request', () => {
  test('a request for a sandbox keeps everything', () => {
    const config = {
      ...contractSandbox('/logs', 2),
      hostname: 'web',
      dns: { servers: ['10.0.0.1'], searches: ['a.b'], options: ['ndots:5'] },
      portMappings: [{ protocol: 'UDP' as const, containerPort: 53, hostPort: 1053, hostIp: '127.0.0.1' }],
      sysctls: { 'net.core.somaxconn': '100' },
      runAsUser: 0,
      supplementalGroups: [7],
    };
    const { config: sent } = heard('RuntimeService', 'RunPodSandbox', { config: sandboxConfigMessage(config) });
    const { metadata, hostname, logDirectory, dnsConfig, portMappings, linux } = sent as Record<string, Record<string, unknown>>;
    assert.deepEqual(metadata, { name: 'web', uid: 'contract-1', namespace: 'default', attempt: 2 });
    assert.deepEqual([hostname, logDirectory, dnsConfig, portMappings], ['web', '/logs', config.dns, config.portMappings]);
    assert.deepEqual(linux!['sysctls'], config.sysctls);
    const security = linux!['securityContext'] as Record<string, unknown>;
    assert.deepEqual(security['runAsUser'], { value: '0' }, 'root is not the same as nothing said');
    assert.equal(security['runAsGroup'], null);
    assert.deepEqual(security['namespaceOptions'], { network: 'POD', pid: 'CONTAINER', ipc: 'POD', targetId: '' });
    assert.deepEqual(security['supplementalGroups'], ['7']);
  });

  test('a request for a container keeps everything', () => {
    const config = {
      ...contractContainer('busybox:1.36', 3),
      env: [{ name: 'WHO', value: 'ü' }],
      mounts: [
        { containerPath: '/a', hostPath: '/b', readonly: true, recursiveReadOnly: true, propagation: 'PROPAGATION_BIDIRECTIONAL' as const },
      ],
      resources: { cpuPeriodMicros: 100_000, cpuQuotaMicros: 50_000, cpuShares: 512, memoryLimitBytes: 8 * 2 ** 30, oomScoreAdj: -997 },
    };
    const request = {
      podSandboxId: 's',
      config: containerConfigMessage(config),
      sandboxConfig: sandboxConfigMessage(contractSandbox('/')),
    };
    const sent = heard('RuntimeService', 'CreateContainer', request)['config'] as Record<string, unknown>;
    assert.deepEqual([sent['command'], sent['logPath'], sent['image']], [['sleep', '1000'], 'main-3.log', { image: 'busybox:1.36' }]);
    assert.deepEqual(sent['envs'], [{ key: 'WHO', value: Buffer.from('ü') }]);
    assert.deepEqual(sent['mounts'], config.mounts);
    assert.deepEqual((sent['linux'] as Record<string, unknown>)['resources'], {
      cpuPeriod: '100000',
      cpuQuota: '50000',
      cpuShares: '512',
      memoryLimitInBytes: '8589934592',
      oomScoreAdj: '-997',
    });
  });

  test('a request has the numbers of fields that CRI gave them', () => {
    const bytes = (service: string, name: string, request: object): string =>
      method(service, name).requestSerialize(request).toString('hex');
    // `0a` is field 1 as text, `10` field 2 as a number.
    assert.equal(bytes('RuntimeService', 'StopContainer', { containerId: 'a', timeout: '5' }), '0a01611005');
    assert.equal(bytes('ImageService', 'ImageStatus', { image: { image: 'a' } }), '0a030a0161');
  });
});

describe('an answer', () => {
  test('an answer of a sandbox lists all its addresses', () => {
    const message: SandboxStatusMessage = {
      id: 's',
      metadata: { name: 'web', uid: 'u', namespace: 'default', attempt: 1 },
      state: 'SANDBOX_NOTREADY',
      createdAt: '1767225600123456789',
      annotations: { a: 'b' },
      network: { ip: '10.0.0.2', additionalIps: [{ ip: 'fd00::2' }] },
    };
    assert.deepEqual(sandboxStatusFrom(message), {
      id: 's',
      podUid: 'u',
      podName: 'web',
      podNamespace: 'default',
      attempt: 1,
      ready: false,
      createdAtMs: 1_767_225_600_123,
      annotations: { a: 'b' },
      ips: ['10.0.0.2', 'fd00::2'],
    });
    assert.deepEqual(sandboxStatusFrom({ ...message, network: { ip: '', additionalIps: [] } }).ips, []);
    assert.deepEqual(sandboxStatusFrom({ ...message, network: null }).ips, []);
  });

  test('an answer of a container is who it is by its labels, and how it ended', () => {
    const message: ContainerStatusMessage = {
      id: 'c',
      podSandboxId: '',
      metadata: { name: 'metadata-name', attempt: 2 },
      state: 'CONTAINER_EXITED',
      createdAt: '1000000',
      startedAt: '2000000',
      finishedAt: '3999999',
      exitCode: 137,
      image: { image: 'docker.io/library/busybox:1.36' },
      imageRef: 'sha256:a',
      reason: 'OOMKilled',
      message: '',
      labels: { 'io.kubernetes.container.name': 'main', 'io.kubernetes.pod.uid': 'u' },
      annotations: {},
      logPath: '/logs/main/2.log',
    };
    assert.deepEqual(containerStatusFrom(message), {
      id: 'c',
      sandboxId: '',
      podUid: 'u',
      name: 'main',
      attempt: 2,
      state: 'exited',
      createdAtMs: 1,
      annotations: {},
      startedAtMs: 2,
      finishedAtMs: 3,
      exitCode: 137,
      reason: 'OOMKilled',
      message: '',
      image: 'docker.io/library/busybox:1.36',
      imageRef: 'sha256:a',
      logPath: '/logs/main/2.log',
    });
    assert.equal(containerStatusFrom({ ...message, state: 'CONTAINER_UNKNOWN' }).state, 'unknown');
  });

  test('the answer about an image has the user that it runs as', () => {
    const message = { id: 'i', repoTags: ['a:v1'], repoDigests: [], size: '42', uid: { value: '0' }, username: '' };
    assert.deepEqual(imageFrom(message), { id: 'i', sizeBytes: 42, tags: ['a:v1'], digests: [], uid: 0, username: '' });
    assert.equal(imageFrom({ ...message, uid: null, username: 'nobody' }).uid, undefined);
  });
});
