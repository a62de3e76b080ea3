import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Container, PodStatus } from '../../functions/kube/generated/types.ts';
import { nodeOfTest } from '../../test/support/node-context.ts';
import { container, exited, pod, running } from '../../test/support/node-pod.ts';
import { createPodWorker } from './pod-worker.ts';
import { containersToReset } from './restart-of-all.ts';

const restartPolicyRules = [{ action: 'RestartAllContainers', exitCodes: { operator: 'In', values: [42] } }];
const watcher: Container = container('watcher', { restartPolicy: 'Never', restartPolicyRules });
const of = pod({ restartPolicy: 'Never', initContainers: [container('init')], containers: [container('main'), watcher] });

test('every try of a container is removed, main ones first, and what ended by the rule last', () => {
  const there = [exited('watcher', 42, { attempt: 1 }), running('main'), exited('watcher', 1), exited('init', 0)];
  assert.deepEqual(
    containersToReset(of, there).map(({ id }) => id),
    ['main-0', 'watcher-0', 'init-0', 'watcher-1'],
  );
});

test('a container that ends by the rule RestartAllContainers makes the pod begin anew in its sandbox', async () => {
  const node = nodeOfTest();
  const { runtime } = node.context;
  /** When each container ends, by its id. */
  const ends = new Map<string, number>();
  const endedAt = <T extends { id: string; name: string }>(each: T): T =>
    ends.has(each.id) ? { ...each, state: 'exited', exitCode: ends.get(each.id), finishedAtMs: node.world.clock.now() } : each;
  const context = {
    ...node.context,
    runtime: {
      ...runtime,
      listContainers: async (podUid?: string) => (await runtime.listContainers(podUid)).map(endedAt),
      containerStatus: async (id: string) => endedAt(await runtime.containerStatus(id)),
    },
  };
  const reports: PodStatus[] = [];
  const worker = createPodWorker({
    context,
    pod: of,
    gone: false,
    probes: { follow: () => {}, findings: () => ({}), stop: () => {} },
    report: (_pod, status) => void reports.push(status),
  });
  const stopping = new AbortController();
  const ended = worker.run(stopping.signal);
  const idOf = async (name: string): Promise<string> => (await runtime.listContainers()).findLast((each) => each.name === name)!.id;
  const endWith = async (name: string, exitCode: number): Promise<void> => {
    ends.set(await idOf(name), exitCode);
    worker.wake();
    await node.world.settle();
  };
  await node.world.settle();
  await endWith('init', 0);
  const [sandbox] = await runtime.listSandboxes();
  const before = reports.length;
  await endWith('watcher', 42);
  await endWith('init', 0);

  const restarting = (status: PodStatus) => status.conditions!.find(({ type }) => type === 'AllContainersRestarting')!.status;
  const later = reports.slice(before);
  assert.deepEqual([...new Set(later.map(restarting))], ['True', 'False']);
  assert.deepEqual([...new Set(later.map(({ phase }) => phase))], ['Running']);
  const reason = 'RestartingAllContainers';
  const message = 'The container is removed because RestartAllContainers in place';
  const removed = later.find(({ containerStatuses }) => containerStatuses![0]!.state!.waiting?.reason === reason)!;
  for (const { state, lastState, restartCount } of [...removed.initContainerStatuses!, ...removed.containerStatuses!]) {
    assert.deepEqual(
      [state, lastState, restartCount],
      [{ waiting: { reason, message } }, { terminated: { reason, message, exitCode: 137 } }, 1],
    );
  }
  const last = reports.at(-1)!;
  assert.deepEqual(
    last.containerStatuses!.map(({ state, restartCount }) => [Object.keys(state!), restartCount]),
    [
      [['running'], 1],
      [['running'], 1],
    ],
  );
  assert.deepEqual([last.initContainerStatuses![0]!.restartCount, last.initContainerStatuses![0]!.state!.terminated!.exitCode], [1, 0]);
  assert.deepEqual(
    (await runtime.listSandboxes()).map(({ id }) => id),
    [sandbox!.id],
  );
  assert.deepEqual(
    node.events.filter((event) => event.includes('Killing')),
    ['Normal Killing killing (spec.containers{main})'],
  );
  stopping.abort();
  await node.world.settle();
  await ended;
});
