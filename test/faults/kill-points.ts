/**
 * The agent is killed at each call that changes something on the runtime: before the runtime did it, meanwhile, and before
 * the answer. The next agent runs the pod once, and leaves nothing of it when it ends.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Pod } from '../../functions/kube/generated/types.ts';
import { canRunContainers } from '../../infra/local/hosts/can-run-containers.ts';
import { agentNode, type AgentNode } from '../support/agent-node.ts';
import { eventually } from '../support/eventually.ts';
import { leftOn } from '../support/left-on-node.ts';
import { runtimeGate, type Moment, type RuntimeGate } from '../support/runtime-gate.ts';

const can = await canRunContainers();
/** A call that never comes ends its test. */
const limit = { timeout: 120_000 };
const moments: readonly Moment[] = ['asked', 'under way', 'answered'];
const startCalls = ['RunPodSandbox', 'CreateContainer', 'StartContainer'];
const endCalls = ['StopContainer', 'StopPodSandbox', 'RemoveContainer', 'RemovePodSandbox'];

const pod = (name: string): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'default', uid: `uid-${name}`, labels: { app: name }, generation: 1 },
  spec: {
    nodeName: 'node-a',
    restartPolicy: 'Always',
    terminationGracePeriodSeconds: 1,
    containers: [{ name: 'main', image: 'docker.io/library/busybox:1.36', imagePullPolicy: 'IfNotPresent', command: ['sleep', '100000'] }],
  },
  status: { phase: 'Pending', qosClass: 'BestEffort', conditions: [{ type: 'PodScheduled', status: 'True' }] },
});

describe('an agent that is killed', { skip: can.ok ? false : can.why }, () => {
  let node: AgentNode;
  let gate: RuntimeGate;
  before(async () => {
    const socketFor = async (socket: string): Promise<string> => {
      gate = await runtimeGate(socket);
      return gate.socket;
    };
    node = await agentNode('10.201.12.0/24', { socketFor });
    node.startAgent();
  });
  after(async () => {
    gate.close();
    await node.close();
  });

  const killAt = async (caught: Promise<void>): Promise<void> => {
    await caught;
    await node.stopAgent();
    node.startAgent();
  };
  const sandboxes = (): Promise<string[]> => node.ctr('containers', 'list', '-q', 'labels."io.cri-containerd.kind"==sandbox');
  /** Containers and sandboxes whose process runs. */
  const running = async (): Promise<string[]> =>
    (await node.ctr('tasks', 'list')).flatMap((line) => {
      const [id = '', , state] = line.split(/\s+/);
      return state === 'RUNNING' ? [id] : [];
    });
  const runsOnce = (name: string): Promise<void> =>
    eventually(async () => {
      const [status] = node.api.pod(name)?.status?.containerStatuses ?? [];
      assert.ok(status?.ready, JSON.stringify(status));
      const [sandbox = '', ...others] = await sandboxes();
      // A container whose start was broken off has ended. It stays beside the one that runs, as any last one does.
      const container = status.containerID?.replace('containerd://', '') ?? '';
      assert.deepEqual([others, (await running()).toSorted()], [[], [container, sandbox].toSorted()]);
    });

  for (const method of startCalls) {
    for (const moment of moments) {
      test(`when ${method} is ${moment} runs the pod once, and nothing is left of it`, limit, async () => {
        const name = `${method}-${moment}`.toLowerCase().replace(' ', '-');
        const caught = gate.holdAt(method, moment);
        node.api.put(pod(name));
        await killAt(caught);
        await runsOnce(name);
        node.api.deletePod(name, 1);
        await eventually(() => assert.equal(node.api.pod(name), undefined));
        await eventually(async () => assert.deepEqual(await leftOn(node), []));
      });
    }
  }
  for (const method of endCalls) {
    for (const moment of moments) {
      test(`when ${method} is ${moment} leaves nothing of the pod`, limit, async () => {
        const name = `${method}-${moment}`.toLowerCase().replace(' ', '-');
        node.api.put(pod(name));
        await runsOnce(name);
        const caught = gate.holdAt(method, moment);
        node.api.deletePod(name, 1);
        await killAt(caught);
        await eventually(() => assert.equal(node.api.pod(name), undefined));
        await eventually(async () => assert.deepEqual(await leftOn(node), []));
      });
    }
  }
});
