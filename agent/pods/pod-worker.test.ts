import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Pod, PodStatus } from '../../functions/kube/generated/types.ts';
import { nodeOfTest, type NodeOfTest } from '../../test/support/node-context.ts';
import { container, pod } from '../../test/support/node-pod.ts';
import { endAfterAnnotation, exitCodeAnnotation } from '../runtime/simulated/simulated-runtime.ts';
import { RuntimeError, type Runtime } from '../runtime/runtime.ts';
import { VolumeError, type PodVolumes } from '../volumes/volumes.ts';
import type { NodeContext } from './node-context.ts';
import type { ProbeFindings } from './observed-pod.ts';
import { createPodWorker, type PodWorker } from './pod-worker.ts';
import { semaphore } from './semaphore.ts';

interface Work extends NodeOfTest {
  readonly worker: PodWorker;
  readonly reports: { readonly status: PodStatus; readonly finished: boolean }[];
  /** Resolves when the worker has nothing more to do, ever. */
  readonly ended: Promise<void>;
  readonly stop: () => Promise<void>;
  readonly last: () => PodStatus;
}

function work(
  of: Pod,
  more: Partial<NodeContext> = {},
  wrap: (runtime: Runtime) => Runtime = (runtime) => runtime,
  findings: () => ProbeFindings = () => ({}),
): Work {
  const node = nodeOfTest(more);
  const context = { ...node.context, runtime: wrap(node.context.runtime) };
  const reports: Work['reports'] = [];
  const worker = createPodWorker({
    context,
    pod: of,
    gone: false,
    probes: { follow: () => {}, findings, stop: () => {} },
    report: (_pod, status, finished) => reports.push({ status, finished }),
  });
  const end = new AbortController();
  const ended = worker.run(end.signal);
  const stop = async (): Promise<void> => {
    end.abort();
    await node.world.settle();
    await ended;
  };
  return { ...node, context, worker, reports, ended, stop, last: () => reports.at(-1)!.status };
}

const deleted = (of: Pod, graceSeconds = 30): Pod => ({
  ...of,
  metadata: { ...of.metadata, deletionTimestamp: '2026-01-01T00:00:30Z', deletionGracePeriodSeconds: graceSeconds },
});

/** Keeps calls waiting until the test lets them go on, and notes how many were under way at once. */
function gate() {
  const waiting: (() => void)[] = [];
  let under = 0;
  let most = 0;
  return {
    async pass<T>(call: () => Promise<T>): Promise<T> {
      under += 1;
      most = Math.max(most, under);
      await new Promise<void>((resolve) => waiting.push(resolve));
      under -= 1;
      return call();
    },
    open: () => waiting.shift()?.(),
    waiting: () => waiting.length,
    most: () => most,
  };
}

test('a pod comes up, is reported at each step, and is left alone from then on', async () => {
  const { world, reports, last, events, stop } = work(pod());
  await world.settle();
  assert.equal(last().phase, 'Running');
  assert.equal(last().podIP, '10.244.3.2');
  assert.deepEqual([...new Set(reports.map(({ status }) => status.phase))], ['Pending', 'Running']);
  assert.deepEqual(events, [
    'Normal Pulling Pulling image "main:v1" (spec.containers{main})',
    'Normal Pulled Successfully pulled image "main:v1" in 1ms (1ms including waiting). Image size: 1 bytes. (spec.containers{main})',
    'Normal Created Container created (spec.containers{main})',
    'Normal Started Container started (spec.containers{main})',
  ]);
  const count = reports.length;
  await world.advance(59_000);
  assert.equal(reports.length, count);
  await stop();
});

test('a pod that nothing happens to is planned again each minute, and the runtime is not asked', async () => {
  let asked = 0;
  let refreshed = 0;
  const volumes = { setUp: async () => new Map(), tearDown: async () => {}, staged: async () => [] };
  const refresh = async (): Promise<void> => void (refreshed += 1);
  const { world, worker, stop } = work(pod(), { volumes: { ...volumes, refresh } }, (runtime) => ({
    ...runtime,
    listContainers: (podUid) => {
      asked += 1;
      return runtime.listContainers(podUid);
    },
  }));
  await world.settle();
  await world.advance(120_000);
  const [askedBefore, refreshedBefore] = [asked, refreshed];
  for (let minute = 0; minute < 5; minute += 1) await world.advance(60_000);
  assert.deepEqual([asked - askedBefore, refreshed - refreshedBefore], [0, 5]);
  worker.wake();
  await world.settle();
  assert.equal(asked, askedBefore + 1);
  await stop();
});

test('a container that keeps failing is restarted after 10 s, 20 s, 40 s, …, and shown as backing off', async () => {
  const failing = pod({}, { annotations: { [endAfterAnnotation]: '1', [exitCodeAnnotation]: '3' } });
  const { world, last, worker, context, stop } = work(failing);
  const startedSeconds: number[] = [];
  let id = '';
  for (let second = 0; second < 160; second += 1) {
    await world.advance(1000);
    worker.wake();
    await world.settle();
    const newest = (await context.runtime.listContainers('u1')).findLast(({ state }) => state === 'running');
    if (newest !== undefined && newest.id !== id) startedSeconds.push(second);
    id = newest?.id ?? id;
  }
  const apart = startedSeconds.slice(1).map((second, index) => second - startedSeconds[index]!);
  // Each runs for a second. The first restart comes at once.
  assert.deepEqual(apart, [11, 21, 41, 81]);
  assert.equal(last().containerStatuses![0]!.state!.waiting!.reason, 'CrashLoopBackOff');
  await stop();
});

describe('a pod that is deleted', () => {
  test('a pod that is deleted is ended, finished, and leaves nothing once its object is gone', async () => {
    const { world, worker, reports, context, ended } = work(pod());
    await world.settle();
    worker.update(deleted(pod()));
    await world.settle();
    assert.equal(reports.at(-1)!.finished, true);
    assert.equal((await context.runtime.listSandboxes('u1')).length, 1);
    worker.update(undefined);
    await world.settle();
    await ended;
    assert.deepEqual([await context.runtime.listSandboxes(), await context.runtime.listContainers()], [[], []]);
  });

  test('a pod that is deleted while its container starts is ended as soon as it has started', async () => {
    const starting = gate();
    const { world, worker, reports, context, stop } = work(pod(), {}, (runtime) => ({
      ...runtime,
      startContainer: (id) => starting.pass(() => runtime.startContainer(id)),
    }));
    await world.settle();
    assert.equal(starting.waiting(), 1);
    worker.update(deleted(pod()));
    await world.settle();
    assert.equal(reports.at(-1)!.finished, false);
    starting.open();
    await world.settle();
    assert.equal(reports.at(-1)!.finished, true);
    assert.equal(
      (await context.runtime.listContainers('u1')).some(({ state }) => state === 'running'),
      false,
    );
    assert.equal(starting.waiting(), 0, 'nothing is started again');
    await stop();
  });

  test('before it began is finished at once', async () => {
    const { world, reports, events, stop } = work(deleted(pod()));
    await world.settle();
    assert.deepEqual([reports.at(-1)!.finished, events], [true, []]);
    await stop();
  });

  test('a pod that is deleted is reported as unready when its probe fails while it ends', async () => {
    const lifecycle = { preStop: { sleep: { seconds: 20 } } };
    const readinessProbe = { exec: { command: ['true'] } };
    let isReady = true;
    const findings = (): ProbeFindings => new Proxy({}, { get: () => ({ started: true, ready: isReady }) });
    const slow = pod({ containers: [container('main', { lifecycle, readinessProbe })] });
    const { world, worker, last, reports, stop } = work(slow, {}, undefined, findings);
    const ready = (): string | undefined => last().conditions?.find(({ type }) => type === 'Ready')?.status;
    await world.settle();
    worker.update(deleted(slow));
    await world.advance(1000);
    assert.deepEqual([ready(), reports.at(-1)!.finished], ['True', false]);
    isReady = false;
    worker.wake();
    await world.advance(1000);
    assert.deepEqual([ready(), reports.at(-1)!.finished], ['False', false]);
    await world.advance(30_000);
    assert.equal(reports.at(-1)!.finished, true);
    await stop();
  });

  test('a pod that is deleted has its preStop hook cut short by a shorter grace', async () => {
    const lifecycle = { preStop: { sleep: { seconds: 600 } } };
    const slow = pod({ containers: [container('main', { lifecycle })], terminationGracePeriodSeconds: 700 });
    const { world, worker, reports, stop } = work(slow);
    await world.settle();
    worker.update(deleted(slow, 700));
    await world.advance(10_000);
    assert.equal(reports.at(-1)!.finished, false);
    worker.update(deleted(slow, 0));
    await world.settle();
    assert.equal(reports.at(-1)!.finished, true);
    await stop();
  });
});

test('a pod’s actions never overlap, however often it is woken', async () => {
  const calls = gate();
  const one = work(pod({ containers: [container('a'), container('b'), container('c')] }), { starts: semaphore(10) }, (runtime) => ({
    ...runtime,
    runSandbox: (...input) => calls.pass(() => runtime.runSandbox(...input)),
    createContainer: (...input) => calls.pass(() => runtime.createContainer(...input)),
    startContainer: (id) => calls.pass(() => runtime.startContainer(id)),
  }));
  for (let step = 0; step < 7; step += 1) {
    one.worker.wake();
    await one.world.settle();
    one.worker.wake();
    calls.open();
    await one.world.settle();
  }
  assert.deepEqual([calls.most(), one.last().phase], [1, 'Running']);
  await one.stop();
});

test('pods start side by side as many as there are slots', async () => {
  const calls = gate();
  const node = nodeOfTest();
  const context = {
    ...node.context,
    starts: semaphore(2),
    runtime: { ...node.context.runtime, runSandbox: () => calls.pass(() => Promise.reject(new Error('never mind'))) },
  };
  const end = new AbortController();
  const runs = ['u1', 'u2', 'u3', 'u4'].map((uid) => {
    const probes = { follow: () => {}, findings: () => ({}), stop: () => {} };
    return createPodWorker({ context, pod: pod({}, { uid }), gone: false, probes, report: () => {} }).run(end.signal);
  });
  await node.world.settle();
  assert.deepEqual([calls.waiting(), calls.most()], [2, 2]);
  end.abort();
  for (let step = 0; step < 4; step += 1) {
    calls.open();
    await node.world.settle();
  }
  assert.equal(calls.most(), 2);
  await Promise.all(runs);
});

test('a volume that cannot be set up gets an Event and is tried again, later each time', async () => {
  let tries = 0;
  const setUp = async (): Promise<PodVolumes> => {
    tries += 1;
    if (tries < 4) throw new VolumeError('config', 'configmap "settings" not found');
    return new Map();
  };
  const { world, events, last, stop } = work(pod(), {
    volumes: { setUp, refresh: async () => {}, tearDown: async () => {}, staged: async () => [] },
  });
  await world.advance(400);
  assert.equal(tries, 1);
  await world.advance(500 + 1000 + 2000);
  assert.equal(tries, 4);
  assert.equal(events[0], 'Warning FailedMount MountVolume.SetUp failed for volume "config" : configmap "settings" not found');
  assert.equal(last().phase, 'Running');
  await stop();
});

test('a pod on a node without a network gets an Event, and starts once there is one', async () => {
  let isReady = false;
  const { world, events, last, stop } = work(pod(), { networkIsReady: () => isReady });
  await world.settle();
  assert.deepEqual(events, ['Warning NetworkNotReady network is not ready: container runtime network not ready: NetworkReady=false']);
  isReady = true;
  await world.advance(1000);
  assert.equal(last().phase, 'Running');
  await stop();
});

test('a sandbox that died is made anew, and its containers count on', async () => {
  const { world, worker, context, events, last, stop } = work(pod());
  await world.settle();
  const [before] = await context.runtime.listSandboxes('u1');
  await context.runtime.stopSandbox(before!.id);
  worker.wake();
  await world.advance(20_000);
  const { restartCount, state } = last().containerStatuses![0]!;
  assert.deepEqual([restartCount, Object.keys(state!)], [1, ['running']]);
  assert.equal(last().podIP, '10.244.3.3');
  assert.ok(events.includes('Normal SandboxChanged Pod sandbox changed, it will be killed and re-created.'), events.join('\n'));
  await stop();
});

test('a worker that begins anew adopts what runs', async () => {
  const first = work(pod());
  await first.world.settle();
  await first.stop();
  const before = await first.context.runtime.listContainers();
  const status = first.last();
  const second = work({ ...pod(), status }, { ...first.context });
  await second.world.settle();
  assert.deepEqual(await first.context.runtime.listContainers(), before);
  assert.deepEqual(second.last(), status);
  await second.stop();
});

test('a worker that begins anew starts what was made, and does not make another', async () => {
  let dies = true;
  const first = work(pod(), {}, (runtime) => ({
    ...runtime,
    startContainer: (id) => (dies ? new Promise<void>(() => {}) : runtime.startContainer(id)),
  }));
  await first.world.settle();
  const [made] = await first.context.runtime.listContainers();
  assert.equal(made!.state, 'created');
  dies = false;
  const second = work({ ...pod(), status: first.last() }, { ...first.context, starts: semaphore(1) });
  await second.world.settle();
  const now = await second.context.runtime.listContainers();
  assert.deepEqual(
    now.map(({ id, state }) => [id, state]),
    [[made!.id, 'running']],
  );
  assert.equal(second.last().containerStatuses![0]!.restartCount, 0);
  await second.stop();
});

test('a container whose start does not end is replaced, and removed once the runtime lets it go', async () => {
  let stuck: string | undefined;
  const first = work(pod(), {}, (runtime) => ({
    ...runtime,
    async startContainer(id) {
      stuck ??= id;
      if (stuck === id) await new Promise<void>(() => {});
      await runtime.startContainer(id);
    },
  }));
  await first.world.settle();
  const unlessStuck = (id: string, problem: string): void => {
    if (stuck === id) throw new RuntimeError('Unknown', problem);
  };
  const next = work({ ...pod(), status: first.last() }, { ...first.context, starts: semaphore(1) }, (runtime) => ({
    ...runtime,
    async startContainer(id) {
      unlessStuck(id, 'container is already in starting state');
      await runtime.startContainer(id);
    },
    async removeContainer(id) {
      unlessStuck(id, "container is in starting state, can't be removed");
      await runtime.removeContainer(id);
    },
  }));
  const states = async (): Promise<string[]> => (await next.context.runtime.listContainers()).map(({ state }) => state).toSorted();
  await first.world.advance(20_000);
  assert.deepEqual([await states(), next.last().containerStatuses![0]!.ready], [['created', 'running'], true]);
  const failures = first.events.filter((event) => event.startsWith('Warning'));
  assert.deepEqual(failures, ['Warning Failed Error: container is already in starting state (spec.containers{main})']);
  await first.world.advance(120_000);
  assert.deepEqual(await states(), ['created', 'running']);
  stuck = '';
  await first.world.advance(60_000);
  assert.deepEqual(await states(), ['running']);
  await next.stop();
});
