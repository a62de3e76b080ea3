/** The runtime port over a real containerd. */
import assert from 'node:assert/strict';
import { mkdirSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { join } from 'node:path';
import { createCriRuntime } from '../../agent/runtime/cri/cri-runtime.ts';
import { contractContainer, contractSandbox, runtimeContract } from '../../agent/runtime/runtime.contract.ts';
import { isRuntimeError } from '../../agent/runtime/runtime.ts';
import { importPauseImage } from '../../agent/images/import-pause.ts';
import { conflist } from '../../agent/network/conflist.ts';
import { canRunContainers } from '../../infra/local/hosts/can-run-containers.ts';
import { agentNode, type AgentNode } from '../support/agent-node.ts';
import { eventually } from '../support/eventually.ts';

const can = await canRunContainers();
const image = 'docker.io/library/busybox:1.36';

describe('containerd over CRI', { skip: can.ok ? false : can.why }, () => {
  let node: AgentNode;
  const logs = (): string => {
    const path = join(node.rootDirectory, 'contract');
    mkdirSync(path, { recursive: true });
    return path;
  };
  const open = () => createCriRuntime({ socketPath: node.containerd.socket });
  before(async () => {
    node = await agentNode('10.201.8.0/24');
    const ipamDirectory = join(node.rootDirectory, 'ipam');
    mkdirSync(ipamDirectory, { recursive: true });
    writeFileSync(
      join(node.containerd.cniConfDirectory, '10-pods.conflist'),
      conflist({ podCIDR: '10.201.8.0/24', ipamDirectory, mtu: 1400 }),
    );
    const runtime = open();
    await importPauseImage(runtime, node.containerd.socket, 'registry.k8s.io/pause:3.9');
    await eventually(async () => assert.equal((await runtime.readiness()).network.ready, true));
    runtime.close();
  });
  after(() => node.close());

  runtimeContract('containerd', async () => ({
    runtime: open(),
    image,
    directory: logs(),
    cgroupParent: `${node.host.cgroupParent}/contract`,
    settle: async () => {},
  }));

  test('the runtime runs commands with a time limit, and reports changes of containers', async () => {
    const runtime = open();
    const end = new AbortController();
    let changes = 0;
    const watching = runtime.watch(() => (changes += 1), end.signal);
    const sandbox = { ...contractSandbox(logs()), cgroupParent: `${node.host.cgroupParent}/contract` };
    const sandboxId = await runtime.runSandbox(sandbox, '');
    const id = await runtime.createContainer(sandboxId, contractContainer(image), sandbox);
    await runtime.startContainer(id);
    const result = await runtime.execSync(id, ['sh', '-c', 'echo out; echo err >&2; exit 4'], 5);
    assert.deepEqual([result.exitCode, String(result.stdout), String(result.stderr)], [4, 'out\n', 'err\n']);
    await assert.rejects(runtime.execSync(id, ['sleep', '10'], 1), (error) => isRuntimeError(error, 'DeadlineExceeded'));
    await eventually(() => assert.ok(changes > 0));
    end.abort();
    await watching;
    const { logPath } = await runtime.containerStatus(id);
    renameSync(logPath, `${logPath}.1`);
    await runtime.reopenLog(id);
    assert.equal(statSync(logPath).size, 0);
    await runtime.stopSandbox(sandboxId);
    await runtime.removeSandbox(sandboxId);
    runtime.close();
  });

  test('removes an image with all its names', async () => {
    const runtime = open();
    const names = ['docker.io/library/echo:v1', 'docker.io/library/echo:latest'];
    const [before] = (await Promise.all(names.map((name) => runtime.imageStatus(name)))).map((found) => found?.id);
    assert.ok(before !== undefined);
    await runtime.removeImage(before);
    await runtime.removeImage(before);
    assert.deepEqual(await Promise.all(names.map((name) => runtime.imageStatus(name))), [undefined, undefined]);
    assert.equal(statSync(await runtime.imageDirectory()).isDirectory(), true);
    runtime.close();
  });
});
