/**
 * Twenty pods with volumes on a real containerd, while things break: the agent and containerd are killed at any moment, the API
 * goes away, the disk is full. No pod is lost or runs twice, and nothing is left when all have gone. ROUNDS sets how many kills.
 */
import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Pod } from '../../functions/kube/generated/types.ts';
import { mountTmpfs } from '../../agent/files/mounts.ts';
import { canRunContainers } from '../../infra/local/hosts/can-run-containers.ts';
import { startContainerd, stopContainerd, containerdDirectory } from '../../infra/local/hosts/containerd.ts';
import { agentNode, type AgentNode } from '../support/agent-node.ts';
import { eventually } from '../support/eventually.ts';
import { leftOn } from '../support/left-on-node.ts';
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

  const ofKind = (kind: 'container' | 'sandbox'): Promise<string[]> =>
    node.ctr('containers', 'list', '-q', `labels."io.cri-containerd.kind"==${kind}`);
  const statusesOf = (): string[] =>
    names.map((name) => {
      const [status] = node.api.pod(name)?.status?.containerStatuses ?? [];
      return `${status?.ready === true ? 'ready' : 'waits'} after ${status?.restartCount} restarts`;
    });
  const containerIds = (): string[] =>
    names.map((name) => node.api.pod(name)?.status?.containerStatuses?.[0]?.containerID?.replace('containerd://', '') ?? '');
  const allRunOnce = (): Promise<void> =>
    eventually(async () => {
      assert.deepEqual(
        statusesOf(),
        names.map(() => 'ready after 0 restarts'),
      );
      // No container but those that the API knows of, and each of them runs.
      assert.deepEqual((await ofKind('container')).toSorted(), containerIds().toSorted());
      assert.equal((await ofKind('sandbox')).length, names.length);
      const running = (await node.ctr('tasks', 'list')).filter((line) => line.endsWith('RUNNING'));
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
    await node.ctr('tasks', 'kill', '--signal', 'SIGKILL', id);
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
    await node.ctr('tasks', 'kill', '--signal', 'SIGKILL', id);
    const running = async (): Promise<number> => (await node.ctr('tasks', 'list')).filter((line) => line.endsWith('RUNNING')).length;
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
      assert.deepEqual(await leftOn(node), []);
    });
  });
});
