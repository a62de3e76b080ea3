/** A simulated node: the agent's own conversation with the API, and pods that start and stop after fixed times. */
import { createPollLoop } from '../../agent/poll.ts';
import { nodeObject, nodeStatus } from '../../agent/node/node-status.ts';
import type { AgentConfig } from '../../agent/config.ts';
import type { Client } from '../../functions/client/client.ts';
import type { Pod, PodStatus } from '../../functions/kube/generated/types.ts';
import type { NodePollRequest, NodePollResponse } from '../../functions/node-protocol/node-poll.ts';
import { isTerminating, uidOf } from '../../functions/kube/object.ts';
import { nodes, pods } from '../../functions/kube/resource-type.ts';
import { timestamp } from '../../functions/kube/time.ts';
import type { World } from '../../functions/world.ts';

export interface SimulatedNodeOptions {
  readonly name: string;
  readonly index: number;
  readonly client: Client;
  readonly world: World;
  poll(request: NodePollRequest): Promise<NodePollResponse>;
}

/** Times between the poll that brings a pod and its container's start, and between the deletion and its end. */
const startMs = 2_000;
const stopMs = 1_000;
const pollSeconds = 20;

const machine = {
  architecture: 'arm64',
  kernelVersion: '6.12.0',
  osImage: 'Debian GNU/Linux 13 (trixie)',
  machineId: 'ec2f0c5b8f9e4d0ab8f4d2b7a1c3e5f7',
  systemUuid: 'ec2f0c5b-8f9e-4d0a-b8f4-d2b7a1c3e5f7',
  bootId: '5b3c1a9e-7d2f-4e86-9c0b-1f2e3d4c5b6a',
  cpuCount: 32,
  memoryBytes: 128 * 1024 ** 3,
  storageBytes: 100 * 1024 ** 3,
  appArmor: false,
};

const configOf = ({ name, index }: SimulatedNodeOptions): AgentConfig => ({
  nodeName: name,
  server: '',
  tokenFile: '',
  runtime: 'simulated',
  rootDirectory: '',
  nodeIp: `198.18.${index >> 8}.${index & 255}`,
  clusterDns: '',
  clusterDomain: '',
  clusterCidr: '10.244.0.0/16',
  capacity: { pods: '250' },
});

const containerStates = (pod: Pod, state: object, ready: boolean): PodStatus['containerStatuses'] =>
  (pod.spec?.containers ?? []).map(({ name, image = '' }) => ({ name, image, imageID: '', ready, restartCount: 0, started: ready, state }));

function statusOf(pod: Pod, stage: 'starting' | 'running' | 'stopped', nowMs: number): PodStatus {
  const now = timestamp(nowMs);
  const ready = stage === 'running';
  const states = {
    starting: { waiting: { reason: 'ContainerCreating' } },
    running: { running: { startedAt: now } },
    stopped: { terminated: { exitCode: 0, reason: 'Completed', startedAt: now, finishedAt: now } },
  };
  const conditions = ['PodReadyToStartContainers', 'Initialized', 'Ready', 'ContainersReady', 'PodScheduled'].map((type) => ({
    type,
    status: ready || type === 'Initialized' || type === 'PodScheduled' ? 'True' : 'False',
    lastTransitionTime: now,
  }));
  return {
    phase: stage === 'starting' ? 'Pending' : 'Running',
    hostIP: '198.18.0.1',
    startTime: now,
    ...(ready ? { podIP: '10.244.0.10', podIPs: [{ ip: '10.244.0.10' }] } : {}),
    conditions,
    containerStatuses: containerStates(pod, states[stage], ready),
  };
}

/** Registers the node and keeps it talking. Returns how to stop it. */
export async function startSimulatedNode(options: SimulatedNodeOptions): Promise<() => void> {
  const { client, world } = options;
  const config = configOf(options);
  const up = { ready: true, message: '' };
  const readiness = { runtime: up, network: up };
  const status = nodeStatus({
    config,
    machine,
    version: { name: 'containerd', version: '2.1.0' },
    readiness,
    prior: undefined,
    nowMs: world.clock.now(),
  });
  await client.create(nodes, nodeObject(config, machine, status));
  const reported = new Map<string, 'starting' | 'stopped'>();

  function follow(pod: Pod): void {
    const uid = uidOf(pod);
    if (isTerminating(pod) && reported.get(uid) !== 'stopped') {
      reported.set(uid, 'stopped');
      world.clock.after(stopMs, () => loop.report(pod, statusOf(pod, 'stopped', world.clock.now()), true));
    } else if (!isTerminating(pod) && !reported.has(uid)) {
      reported.set(uid, 'starting');
      loop.report(pod, statusOf(pod, 'starting', world.clock.now()), false);
      world.clock.after(startMs, () => loop.report(pod, statusOf(pod, 'running', world.clock.now()), false));
    }
  }

  const loop = createPollLoop({
    ...world,
    transport: { poll: options.poll },
    pollSeconds,
    async onAnswer({ objects, gone, wantsStatus = false }) {
      if (wantsStatus) loop.repeatStatus();
      for (const object of objects) if (object.kind === pods.kind) follow(object as Pod);
      for (const { uid } of gone) loop.forget(uid);
    },
    onUnknownNode: async () => {
      throw new Error(`node ${options.name} is not known`);
    },
  });
  const ending = new AbortController();
  loop.setStatus(status);
  void loop.run(ending.signal);
  return () => ending.abort(new Error('the measurement is over'));
}
