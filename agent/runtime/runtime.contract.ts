/** What every runtime promises the agent, whether its containers are real or not. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  containerNameLabel,
  isRuntimeError,
  podNameLabel,
  podNamespaceLabel,
  podUidLabel,
  type ContainerConfig,
  type Runtime,
  type SandboxConfig,
} from './runtime.ts';

export interface ContractWorld {
  readonly runtime: Runtime;
  /** On the node, or to be had by a pull. */
  readonly image: string;
  readonly directory: string;
  readonly cgroupParent?: string;
  /** Lets what was begun come to its end. */
  settle(): Promise<void>;
}

const labels = { [podNameLabel]: 'web', [podNamespaceLabel]: 'default', [podUidLabel]: 'contract-1' };
const namespaces = { network: 'POD', pid: 'CONTAINER', ipc: 'POD' } as const;
const seccomp = { profileType: 'Unconfined', localhostRef: '' } as const;

export const contractSandbox = (directory: string, attempt = 0): SandboxConfig => ({
  podUid: 'contract-1',
  podName: 'web',
  podNamespace: 'default',
  attempt,
  hostname: 'web',
  logDirectory: directory,
  dns: { servers: [], searches: [], options: [] },
  portMappings: [],
  labels,
  annotations: { note: 'kept' },
  cgroupParent: '',
  sysctls: {},
  namespaces,
  privileged: false,
  seccomp,
  supplementalGroups: [],
  supplementalGroupsPolicy: 'Merge',
});

export const contractContainer = (image: string, attempt = 0): ContainerConfig => ({
  name: 'main',
  attempt,
  image,
  command: ['sleep', '1000'],
  args: [],
  workingDir: '',
  env: [],
  mounts: [],
  devices: [],
  cdiDevices: [],
  labels: { ...labels, [containerNameLabel]: 'main' },
  annotations: { hash: '1' },
  logPath: `main-${attempt}.log`,
  stdin: false,
  stdinOnce: false,
  tty: false,
  resources: { cpuPeriodMicros: 100_000, cpuQuotaMicros: 0, cpuShares: 2, memoryLimitBytes: 0, oomScoreAdj: 1000 },
  security: {
    namespaces,
    privileged: false,
    supplementalGroups: [],
    supplementalGroupsPolicy: 'Merge',
    readonlyRootfs: false,
    noNewPrivileges: false,
    addCapabilities: [],
    dropCapabilities: [],
    seccomp,
    maskedPaths: [],
    readonlyPaths: [],
  },
});

export function runtimeContract(name: string, create: () => Promise<ContractWorld>): void {
  test(`${name}: a pod from its sandbox to its end`, async () => {
    const { runtime, image, directory, cgroupParent = '', settle } = await create();
    const sandbox = { ...contractSandbox(directory), cgroupParent };
    if ((await runtime.imageStatus(image)) === undefined) await runtime.pullImage(image, sandbox);
    const sandboxId = await runtime.runSandbox(sandbox, '');
    const up = await runtime.sandboxStatus(sandboxId);
    assert.deepEqual(
      [up.podUid, up.podName, up.podNamespace, up.attempt, up.ready, up.ips.length],
      ['contract-1', 'web', 'default', 0, true, 1],
    );
    assert.equal(up.annotations['note'], 'kept');

    const id = await runtime.createContainer(sandboxId, contractContainer(image, 2), sandbox);
    assert.equal((await runtime.containerStatus(id)).state, 'created');
    await runtime.startContainer(id);
    const [listed] = await runtime.listContainers('contract-1');
    assert.deepEqual([listed?.id, listed?.sandboxId, listed?.name, listed?.attempt, listed?.state], [id, sandboxId, 'main', 2, 'running']);
    const used = (await runtime.listImages()).find(({ id: imageId, tags, digests }) =>
      [imageId, ...tags, ...digests].includes(listed?.imageRef ?? ''),
    );
    assert.ok(used?.tags.includes(image), `${listed?.imageRef} is no image of the node`);
    assert.ok((await runtime.containerStatus(id)).startedAtMs > 0);

    await runtime.updateContainer(id, { ...contractContainer(image).resources, memoryLimitBytes: 128 << 20, cpuShares: 512 });
    assert.equal((await runtime.containerStatus(id)).state, 'running');

    await runtime.stopContainer(id, 0);
    await runtime.stopContainer(id, 0);
    await settle();
    const ended = await runtime.containerStatus(id);
    assert.equal(ended.state, 'exited');
    assert.ok(ended.finishedAtMs >= ended.startedAtMs);

    await runtime.stopSandbox(sandboxId);
    await runtime.stopSandbox(sandboxId);
    assert.equal((await runtime.sandboxStatus(sandboxId)).ready, false);
    await runtime.removeContainer(id);
    await runtime.removeContainer(id);
    await runtime.removeSandbox(sandboxId);
    assert.deepEqual(await runtime.listSandboxes('contract-1'), []);
    assert.deepEqual(await runtime.listContainers('contract-1'), []);
    runtime.close();
  });

  test(`${name}: what is not there is NotFound, or undefined for an image`, async () => {
    const { runtime } = await create();
    await assert.rejects(runtime.containerStatus('none'), (error) => isRuntimeError(error, 'NotFound'));
    await assert.rejects(runtime.sandboxStatus('none'), (error) => isRuntimeError(error, 'NotFound'));
    assert.equal(await runtime.imageStatus('docker.io/library/none:v1'), undefined);
    runtime.close();
  });
}
