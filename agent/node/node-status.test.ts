import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Client } from '../../functions/client/client.ts';
import type { Node } from '../../functions/kube/generated/types.ts';
import { gitVersion } from '../../functions/kube/kubernetes-version.ts';
import { StatusError } from '../../functions/kube/status-error.ts';
import { nowMs } from '../../test/support/node-pod.ts';
import { imageCollection, parseAgentConfig, type AgentConfig } from '../config.ts';
import type { RuntimeReadiness } from '../runtime/runtime.ts';
import { allocatableOf, nodeObject, nodeStatus, type NodeStatusInput } from './node-status.ts';
import { registerNode } from './registration.ts';

const config: AgentConfig = {
  nodeName: 'node-a',
  server: 'https://api',
  tokenFile: '/token',
  runtime: 'containerd',
  rootDirectory: '/var/lib/agent',
  nodeIp: '192.168.0.1',
  clusterDns: '169.254.20.10',
  clusterDomain: 'cluster.local',
  clusterCidr: '10.244.0.0/16',
  labels: { 'example.com/rack': 'r1' },
};
const machine = {
  architecture: 'amd64',
  kernelVersion: '6.1.0',
  osImage: 'Debian GNU/Linux 12 (bookworm)',
  machineId: 'm1',
  systemUuid: 's1',
  bootId: 'b1',
  cpuCount: 4,
  memoryBytes: 8 << 20,
  storageBytes: 1000 << 10,
  appArmor: false,
};
const up: Pick<RuntimeReadiness, 'runtime' | 'network'> = { runtime: { ready: true, message: '' }, network: { ready: true, message: '' } };
const status = (more: Partial<NodeStatusInput> = {}) =>
  nodeStatus({ config, machine, version: { name: 'containerd', version: '1.6.20' }, readiness: up, prior: undefined, nowMs, ...more });

test('the whole status of a node', () => {
  const time = { lastHeartbeatTime: '2026-01-01T00:00:00Z', lastTransitionTime: '2026-01-01T00:00:00Z' };
  const nothing = { 'hugepages-1Gi': '0', 'hugepages-2Mi': '0' };
  assert.deepEqual(status(), {
    addresses: [
      { type: 'InternalIP', address: '192.168.0.1' },
      { type: 'Hostname', address: 'node-a' },
    ],
    capacity: { ...nothing, cpu: '4', 'ephemeral-storage': '1000Ki', memory: '8192Ki', pods: '110' },
    allocatable: { ...nothing, cpu: '4', 'ephemeral-storage': '921600', memory: '8192Ki', pods: '110' },
    conditions: [
      {
        type: 'MemoryPressure',
        status: 'False',
        reason: 'KubeletHasSufficientMemory',
        message: 'kubelet has sufficient memory available',
        ...time,
      },
      { type: 'DiskPressure', status: 'False', reason: 'KubeletHasNoDiskPressure', message: 'kubelet has no disk pressure', ...time },
      { type: 'PIDPressure', status: 'False', reason: 'KubeletHasSufficientPID', message: 'kubelet has sufficient PID available', ...time },
      { type: 'Ready', status: 'True', reason: 'KubeletReady', message: 'kubelet is posting ready status', ...time },
    ],
    daemonEndpoints: { kubeletEndpoint: { Port: 10_250 } },
    nodeInfo: {
      architecture: 'amd64',
      bootID: 'b1',
      containerRuntimeVersion: 'containerd://1.6.20',
      kernelVersion: '6.1.0',
      kubeProxyVersion: '',
      kubeletVersion: gitVersion,
      machineID: 'm1',
      operatingSystem: 'linux',
      osImage: 'Debian GNU/Linux 12 (bookworm)',
      systemUUID: 's1',
    },
  });
});

test('a node with images lists them', () => {
  const images = [{ names: ['busybox:1.36'], sizeBytes: 5 }];
  assert.deepEqual(status({ images }).images, images);
});

test('what is configured goes before what is measured', () => {
  const own = { ...config, capacity: { cpu: '32', 'ephemeral-storage': '5Gi', 'example.com/gpu': '2' } };
  const { cpu, 'ephemeral-storage': storage, 'example.com/gpu': gpu, memory } = allocatableOf(own, machine);
  assert.deepEqual([cpu, storage, gpu, memory], ['32', '5Gi', '2', '8192Ki']);
});

test('a new node is labelled with its machine and its own labels', () => {
  assert.deepEqual(nodeObject(config, machine, status()).metadata, {
    name: 'node-a',
    labels: {
      'beta.kubernetes.io/arch': 'amd64',
      'beta.kubernetes.io/os': 'linux',
      'kubernetes.io/arch': 'amd64',
      'kubernetes.io/hostname': 'node-a',
      'kubernetes.io/os': 'linux',
      'example.com/rack': 'r1',
    },
    annotations: { 'volumes.kubernetes.io/controller-managed-attach-detach': 'true' },
  });
});

describe('the Ready condition', () => {
  const ready = (more: Partial<NodeStatusInput>) => status(more).conditions!.find(({ type }) => type === 'Ready')!;

  test('the Ready condition names each part of the runtime that is not ready', () => {
    const down = { runtime: { ready: false, message: 'connection refused' }, network: { ready: false, message: 'no conflist' } };
    const { reason, message } = ready({ readiness: down });
    assert.equal(reason, 'KubeletNotReady');
    assert.equal(
      message,
      'container runtime not ready: RuntimeReady=false reason:RuntimeNotReady message:connection refused, ' +
        'container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:Network plugin returns error: no conflist',
    );
  });

  test('the Ready condition is no news while nothing changes, so that it need not be written', () => {
    const prior = status();
    assert.deepEqual(status({ prior, nowMs: nowMs + 60_000 }), prior);
    const turned = ready({ prior, nowMs: nowMs + 60_000, readiness: { ...up, network: { ready: false, message: '' } } });
    assert.deepEqual([turned.status, turned.lastTransitionTime], ['False', '2026-01-01T00:01:00Z']);
  });
});

describe('registration', () => {
  const wanted = nodeObject(config, machine, status());
  const apiserver = (existing?: Node) => {
    const sent: unknown[] = [];
    const client = {
      create: async (_type: unknown, node: Node) => {
        sent.push('create');
        if (existing !== undefined) throw new StatusError(409, 'AlreadyExists', 'nodes "node-a" already exists');
        return node;
      },
      get: async () => existing,
      patch: async (_type: unknown, _at: unknown, patch: unknown) => void sent.push(patch),
    } as unknown as Client;
    return { sent, client };
  };

  test('registration makes a node that is not known', async () => {
    const { sent, client } = apiserver();
    await registerNode(client, wanted);
    assert.deepEqual(sent, ['create']);
  });

  test('registration corrects labels and annotations of one that is, and keeps those of others', async () => {
    const right = apiserver({ ...wanted, metadata: { ...wanted.metadata, labels: { ...wanted.metadata.labels, team: 'x' } } });
    await registerNode(right.client, wanted);
    assert.deepEqual(right.sent, ['create']);
    const wrong = apiserver({ ...wanted, metadata: { name: 'node-a', labels: { team: 'x' } } });
    await registerNode(wrong.client, wanted);
    assert.deepEqual(wrong.sent, ['create', { metadata: { labels: wanted.metadata.labels, annotations: wanted.metadata.annotations } }]);
  });

  test('registration does not hide any other refusal', async () => {
    const { client } = apiserver();
    const refusal = new StatusError(403, 'Forbidden', 'no');
    await assert.rejects(registerNode({ ...client, create: () => Promise.reject(refusal) }, wanted), refusal);
  });
});

describe('the configuration', () => {
  test('the configuration is a JSON object with everything that is needed', () => {
    assert.deepEqual(parseAgentConfig(JSON.stringify(config)), config);
    assert.throws(() => parseAgentConfig('[]'), { message: /^the agent's configuration lacks nodeName, / });
    assert.throws(() => parseAgentConfig('null'), { message: 'the agent needs a JSON object as its configuration' });
    assert.throws(() => parseAgentConfig(JSON.stringify({ ...config, server: undefined, nodeIp: undefined })), {
      message: "the agent's configuration lacks server, nodeIp",
    });
  });

  test('the configuration names percentages of the disk at which images go, the lower one below the higher', () => {
    const parse = (settings: Partial<AgentConfig>): AgentConfig => parseAgentConfig(JSON.stringify({ ...config, ...settings }));
    assert.deepEqual(imageCollection(parse({})), { high: 85, low: 80 });
    assert.deepEqual(imageCollection(parse({ imageGCHighThresholdPercent: 100 })), { high: 100, low: 80 });
    assert.throws(() => parse({ imageGCHighThresholdPercent: 80 }), {
      message: 'imageGCLowThresholdPercent 80 must be less than imageGCHighThresholdPercent 80',
    });
    assert.throws(() => parse({ imageGCHighThresholdPercent: 101 }), {
      message: 'imageGCHighThresholdPercent must be between 0 and 100, inclusive',
    });
  });
});
