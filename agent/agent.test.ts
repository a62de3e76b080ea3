import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Client } from '../functions/client/client.ts';
import type { Node, Pod } from '../functions/kube/generated/types.ts';
import type { NodePollRequest, NodePollResponse, RelayRequest } from '../functions/node-protocol/node-poll.ts';
import { nodeOfTest } from '../test/support/node-context.ts';
import { pod } from '../test/support/node-pod.ts';
import { StatusError } from '../functions/kube/status-error.ts';
import { createAgent, type AgentOptions } from './agent.ts';
import type { Answer } from './checkpoint/checkpoint.ts';
import { TransportError } from './poll.ts';
import { RuntimeError } from './runtime/runtime.ts';

const machine = {
  architecture: 'amd64',
  kernelVersion: '6.1.0',
  osImage: 'Debian',
  machineId: 'm',
  systemUuid: 's',
  bootId: 'b',
  cpuCount: 2,
  memoryBytes: 1 << 30,
  storageBytes: 1 << 30,
  appArmor: false,
};
const onNode = (name: string): Pod => ({ apiVersion: 'v1', kind: 'Pod', ...pod({ nodeName: 'node-a' }, { name, uid: name }) });

/** An agent with a simulated runtime, and an apiserver whose answers the test chooses. */
function begin(more: Partial<AgentOptions> = {}, saved: readonly Answer[] = []) {
  const node = nodeOfTest();
  const { world, context } = node;
  const requests: NodePollRequest[] = [];
  const opened: RelayRequest[] = [];
  const noted: { readonly answer: Answer; readonly all: string[] }[] = [];
  const state = { answers: [] as Partial<NodePollResponse>[], isAway: false, isUnknown: false, created: 0, revision: 0 };
  const self: Node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'node-a' }, spec: { podCIDR: '10.244.3.0/24' } };
  const agent = createAgent({
    config: {
      nodeName: 'node-a',
      server: '',
      tokenFile: '',
      runtime: 'simulated',
      rootDirectory: '/',
      nodeIp: '192.168.0.1',
      clusterDns: '',
      clusterDomain: 'cluster.local',
      clusterCidr: '10.244.0.0/16',
    },
    world,
    machine,
    client: {
      create: async (_type: unknown, object: Node) => {
        state.created += 1;
        if (state.isAway) throw new TransportError('refused');
        state.isUnknown = false;
        return object;
      },
    } as unknown as Client,
    events: context.events,
    runtime: context.runtime,
    volumes: () => context.volumes,
    files: context.files,
    facts: context.facts,
    check: async () => ({ outcome: 'success' }),
    network: { sync: () => {}, ready: () => true, attach: async () => {}, close: async () => {} },
    relays: () => ({ open: (request) => void opened.push(request) }),
    checkpoint: {
      load: async () => saved,
      note: (answer, all) => void noted.push({ answer, all: all().map(({ metadata }) => metadata.name ?? '') }),
      close: async () => {},
    },
    transport: {
      async poll(request, signal) {
        requests.push(request);
        if (state.isAway) throw new TransportError('refused');
        if (state.isUnknown) throw new StatusError(404, 'NotFound', 'nodes "node-a" not found');
        const answer = state.answers.shift();
        if (answer === undefined && request.waitSeconds > 0)
          await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new TransportError('aborted'))));
        state.revision += 1;
        const snapshot = request.since === undefined;
        return {
          revision: String(state.revision),
          snapshot,
          objects: snapshot ? [self as never] : [],
          gone: [],
          relays: [],
          pollAfterSeconds: 0,
          ...answer,
        };
      },
    },
    ...more,
  });
  const end = new AbortController();
  const running = agent.run(end.signal);
  const stop = async (): Promise<void> => {
    end.abort();
    await world.settle();
    await running;
  };
  const phases = (): Record<string, string | undefined> =>
    Object.fromEntries(requests.flatMap(({ pods = [] }) => pods.map(({ name, status }) => [name, status.phase])));
  const ready = () => requests.findLast(({ status }) => status !== undefined)!.status!.conditions!.find(({ type }) => type === 'Ready')!;
  return { ...node, state, requests, opened, noted, stop, phases, ready };
}

test('an agent registers its node, runs the pods of a poll’s answer and reports their status', async () => {
  const { world, state, phases, ready, noted, stop } = begin();
  state.answers.push({ objects: [onNode('a') as never] });
  await world.advance(1000);
  assert.equal(state.created, 1);
  assert.deepEqual([ready().status, ready().message], ['True', 'kubelet is posting ready status']);
  assert.deepEqual(phases(), { a: 'Running' });
  assert.deepEqual(noted.at(-1)!.all, ['a']);
  await stop();
});

describe('without an apiserver', () => {
  test('an agent runs the pods of its checkpoint, and reports them once the apiserver answers', async () => {
    const { world, state, phases, requests, context, stop } = begin({}, [{ snapshot: true, objects: [onNode('a') as never], gone: [] }]);
    state.isAway = true;
    await world.advance(10_000);
    assert.equal((await context.runtime.listContainers())[0]?.state, 'running');
    state.isAway = false;
    requests.length = 0;
    state.answers.push({ objects: [onNode('a') as never] });
    await world.advance(30_000);
    assert.deepEqual(phases(), { a: 'Running' });
    await stop();
  });

  test('an agent without an apiserver goes on trying to register its node', async () => {
    const { world, state, stop } = begin();
    state.isAway = true;
    await world.advance(9000);
    assert.equal(state.created, 5);
    state.isAway = false;
    await world.advance(60_000);
    assert.equal(state.created, 6);
    await stop();
  });
});

test('a node that the server has forgotten is made known again, with its status', async () => {
  const { world, state, requests, stop } = begin();
  await world.advance(5000);
  state.isUnknown = true;
  requests.length = 0;
  state.answers.push({});
  await world.advance(60_000);
  assert.equal(state.created, 2);
  assert.ok(requests.some(({ status }) => status?.nodeInfo?.kernelVersion === '6.1.0'));
  await stop();
});

test('a runtime that does not answer makes the node NotReady, until it does', async () => {
  const { context } = nodeOfTest();
  let isDown = true;
  const version: typeof context.runtime.version = async () => {
    if (isDown) throw new RuntimeError('Unavailable', 'connection refused');
    return { name: 'simulated', version: '1.0' };
  };
  const { world, ready, stop } = begin({ runtime: { ...context.runtime, version } });
  await world.advance(2000);
  assert.deepEqual(
    [ready().status, ready().message],
    ['False', 'container runtime not ready: RuntimeReady=false reason:RuntimeNotReady message:connection refused'],
  );
  isDown = false;
  await world.advance(2000);
  assert.equal(ready().status, 'True');
  await stop();
});

test('an event of the runtime lets the agent restart an ended container before the next list', async () => {
  const { world, state, context, stop } = begin();
  state.answers.push({ objects: [onNode('a') as never] });
  await world.advance(1000);
  const [first] = await context.runtime.listContainers();
  await context.runtime.stopContainer(first!.id, 0);
  await world.advance(100);
  assert.deepEqual(
    (await context.runtime.listContainers()).map(({ state: is }) => is),
    ['exited', 'running'],
  );
  await stop();
});

test('what a client wants of a container is opened as soon as it is heard of', async () => {
  const { world, state, opened, stop } = begin();
  const relay = { id: 'r1', transport: 'stream', subresource: 'log', query: '', method: 'GET', headers: [] } as const;
  state.answers.push({ relays: [{ ...relay, pod: { namespace: 'default', name: 'a', uid: 'a' } }] });
  await world.advance(1000);
  assert.deepEqual(
    opened.map(({ id }) => id),
    ['r1'],
  );
  await stop();
});
