/**
 * Twenty pods with volumes on a real containerd, while things break: the agent and containerd are killed at any moment, the API
 * goes away, the disk is full. No pod is lost or runs twice, and nothing is left when all have gone. ROUNDS sets how many kills.
 */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Pod } from '../../functions/kube/generated/types.ts';
import { mountTmpfs } from '../../agent/files/mounts.ts';
import { canRunContainers } from '../../infra/local/hosts/can-run-containers.ts';
import { startContainerd, stopContainerd, containerdDirectory } from '../../infra/local/hosts/containerd.ts';
import { agentNode, type AgentNode } from '../support/agent-node.ts';
import { eventually } from '../support/eventually.ts';
import { seededRandom } from '../support/virtual-world.ts';

const can = await canRunContainers();
const rounds = Number(process.env['ROUNDS'] ?? 12);
const names = Array.from({ length: 20 }, (_, index) => `p${index}`);
/** Longer than an agent takes to begin, so that some kills meet its work and some its start. */
const killWithinMs = 3000;

const pod = (name: string): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'default', uid: `uid-${name}`, labels: { app: name }, generation: 1 },
  spec: {
    nodeName: 'node-a',
    restartPolicy: 'Always',
    terminationGracePeriodSeconds: 1,
    containers: [
      {
        name: 'main',
        image: 'docker.io/library/busybox:1.36',
        imagePullPolicy: 'IfNotPresent',
        command: ['sleep', '100000'],
        volumeMounts: [
          { name: 'memory', mountPath: '/memory' },
          { name: 'settings', mountPath: '/settings' },
          { name: 'disk', mountPath: '/part', subPath: 'part' },
        ],
      },
    ],
    volumes: [
      { name: 'memory', emptyDir: { medium: 'Memory', sizeLimit: '1Mi' } },
      { name: 'settings', configMap: { name: 'settings' } },
      { name: 'disk', emptyDir: {} },
    ],
  },
  status: { phase: 'Pending', qosClass: 'BestEffort', conditions: [{ type: 'PodScheduled', status: 'True' }] },
});

describe('a node on which things break', { skip: can.ok ? false : can.why }, () => {
  let node: AgentNode;
  const random = seededRandom(16);
  before(async () => {
    node = await agentNode('10.201.11.0/24');
    // A disk of its own, which can be full.
    mkdirSync(node.rootDirectory, { recursive: true });
    await mountTmpfs(node.rootDirectory, 64 << 20);
    node.api.put({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'settings', namespace: 'default', uid: 'u1' },
      data: { color: 'blue' },
    } as never);
    node.startAgent();
  });
  after(() => node.close());

  const ctr = async (...words: string[]): Promise<string[]> => {
    const text = await node.host.run(['ctr', '--address', node.containerd.socket, '--namespace', 'k8s.io', ...words]);
    return text.split('\n').filter((line) => line !== '');
  };
  const ofKind = (kind: 'container' | 'sandbox'): Promise<string[]> =>
    ctr('containers', 'list', '-q', `labels."io.cri-containerd.kind"==${kind}`);
  const statusesOf = (): string[] =>
    names.map((name) => {
      const [status] = node.api.pod(name)?.status?.containerStatuses ?? [];
      return `${status?.ready === true ? 'ready' : 'waits'} after ${status?.restartCount} restarts`;
    });
  const containerIds = (): string[] =>
    names.map((name) => node.api.pod(name)?.status?.containerStatuses?.[0]?.containerID?.replace('containerd://', '') ?? '');
  const mounts = (): string[] =>
    readFileSync('/proc/self/mountinfo', 'utf8')
      .split('\n')
      .map((line) => line.split(' ')[4] ?? '')
      .filter((path) => path.startsWith(`${node.rootDirectory}/`));
  const allRunOnce = (): Promise<void> =>
    eventually(async () => {
      assert.deepEqual(
        statusesOf(),
        names.map(() => 'ready after 0 restarts'),
      );
      // No container but those that the API knows of, and each of them runs.
      assert.deepEqual((await ofKind('container')).toSorted(), containerIds().toSorted());
      assert.equal((await ofKind('sandbox')).length, names.length);
      const running = (await ctr('tasks', 'list')).filter((line) => line.endsWith('RUNNING'));
      assert.equal(running.length, 2 * names.length);
    });
  const killAgentNowAndThen = async (): Promise<void> => {
    for (let round = 0; round < rounds; round += 1) {
      await sleep(random.next() * killWithinMs);
      await node.stopAgent();
      node.startAgent();
    }
  };

  test('starts every pod once, though its agent is killed again and again meanwhile', async () => {
    for (const name of names) node.api.put(pod(name));
    await killAgentNowAndThen();
    await allRunOnce();
  });

  test('keeps its pods while containerd is killed and comes back', async () => {
    const before = containerIds();
    const directory = containerdDirectory(node.host)!;
    await stopContainerd(node.host);
    await startContainerd(node.host, directory);
    await allRunOnce();
    assert.deepEqual(containerIds(), before);
  });

  test('restarts what ends while the agent and containerd are away', async () => {
    const [id = ''] = containerIds();
    const directory = containerdDirectory(node.host)!;
    await node.stopAgent();
    await ctr('tasks', 'kill', '--signal', 'SIGKILL', id);
    await stopContainerd(node.host);
    await startContainerd(node.host, directory);
    node.startAgent();
    await eventually(() => assert.equal(statusesOf()[0], 'ready after 1 restarts'));
    assert.deepEqual(new Set(statusesOf().slice(1)), new Set(['ready after 0 restarts']));
  });

  test('runs its pods without the network, and reports afterwards what happened meanwhile', async () => {
    const { host } = node;
    const [, id = ''] = containerIds();
    const polls = node.api.polls();
    await host.run(['ip', 'link', 'set', host.link, 'down']);
    await ctr('tasks', 'kill', '--signal', 'SIGKILL', id);
    const running = async (): Promise<number> => (await ctr('tasks', 'list')).filter((line) => line.endsWith('RUNNING')).length;
    await eventually(async () => assert.equal(await running(), 2 * names.length));
    assert.notEqual(statusesOf()[1], 'ready after 1 restarts');
    await host.run(['ip', 'link', 'set', host.link, 'up']);
    await host.run(['ip', 'route', 'replace', 'default', 'via', host.gateway]);
    await eventually(() => assert.equal(statusesOf()[1], 'ready after 1 restarts'));
    assert.ok(node.api.polls() > polls);
  });

  test('starts a pod that waited while the disk was full', async () => {
    const full = join(node.rootDirectory, 'full');
    try {
      writeFileSync(full, Buffer.alloc(128 << 20));
    } catch (error) {
      assert.ok(error instanceof Error && 'code' in error && error.code === 'ENOSPC', String(error));
    }
    node.api.put(pod('late'));
    await eventually(() =>
      assert.ok(
        node.api.events('late').some((event) => /no space left/i.test(event)),
        node.api.events('late').join(),
      ),
    );
    rmSync(full);
    await eventually(() => assert.equal(node.api.pod('late')?.status?.containerStatuses?.[0]?.ready, true));
    node.api.deletePod('late', 0);
    await eventually(() => assert.equal(node.api.pod('late'), undefined));
  });

  test('leaves nothing behind, though its agent is killed again and again while the pods end', async () => {
    for (const name of names) node.api.deletePod(name, 1);
    await killAgentNowAndThen();
    await eventually(async () => {
      assert.deepEqual(
        names.filter((name) => node.api.pod(name) !== undefined),
        [],
      );
      assert.deepEqual(await ctr('containers', 'list', '-q'), []);
      assert.deepEqual(mounts(), []);
      assert.deepEqual(readdirSync(join(node.rootDirectory, 'pods')), []);
      assert.deepEqual(await podLinks(node), []);
      assert.deepEqual(cgroupsOf(node), []);
      assert.deepEqual(shimsOf(node), []);
      assert.deepEqual(addressesOf(node), []);
    });
  });
});

/** What connects pods to the node's bridge. */
const podLinks = async ({ host }: AgentNode): Promise<string[]> =>
  (await host.run(['ip', '-o', 'link', 'show', 'type', 'veth'])).split('\n').filter((line) => / master /.test(line));

/** Cgroups of pods, in every hierarchy. */
function cgroupsOf({ host }: AgentNode): string[] {
  const places = readdirSync('/sys/fs/cgroup').map((name) => join('/sys/fs/cgroup', name, host.cgroupParent));
  return [join('/sys/fs/cgroup', host.cgroupParent), ...places].flatMap((place) => {
    try {
      return readdirSync(place, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isDirectory() && entry.name.startsWith('pod'))
        .map((entry) => join(entry.parentPath, entry.name));
    } catch (error) {
      if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return [];
      throw error;
    }
  });
}

/** A process may end before its file is read. */
function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error) return '';
    throw error;
  }
}

/** Programs that hold containers of this containerd. */
const shimsOf = ({ containerd }: AgentNode): string[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(commandOf)
    .filter((line) => line.includes('containerd-shim') && line.includes(containerd.socket));

/** Addresses that CNI holds for pods. */
function addressesOf({ rootDirectory }: AgentNode): string[] {
  const places = readdirSync(rootDirectory, { recursive: true }).map(String);
  assert.ok(
    places.some((path) => path.split('/').includes('ipam')),
    'addresses are kept elsewhere',
  );
  return places.filter((path) => /\/ipam\/.*\/\d+\.\d+\.\d+\.\d+$/.test(path));
}
