/** Covers what kubelet-traces.test.ts does not: the input of a check, its events, and how a restarted agent goes on. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Container, Pod, Probe } from '../../functions/kube/generated/types.ts';
import { container, pod, running, sandbox } from '../../test/support/node-pod.ts';
import { virtualWorld } from '../../test/support/virtual-world.ts';
import type { CheckResult } from './checks.ts';
import { createProber, type CheckInput } from './prober.ts';

const success: CheckResult = { outcome: 'success' };
const failure: CheckResult = { outcome: 'failure', message: 'no answer' };
const error: CheckResult = { outcome: 'error', state: 'unknown', message: 'no such file' };

/** Probes a container named main of a pod that begins now; `answer` gives the result of the probe at each port. */
function probing(own: Partial<Container>, answer: (port: number) => CheckResult, more: Partial<Pod> = {}) {
  const world = virtualWorld();
  const asked: string[] = [];
  const events: string[] = [];
  const inputs: CheckInput[] = [];
  const counted: boolean[] = [];
  const prober = createProber({
    ...world,
    hostIps: ['192.168.0.1'],
    check: async (probe: Probe, input) => {
      const port = Number(probe.tcpSocket!.port);
      asked.push(`${port}@${world.clock.monotonicMs() / 1000}`);
      inputs.push(input);
      return answer(port);
    },
    onChange: () => {},
    onResult: (_pod, _container, _type, isSuccess) => void counted.push(isSuccess),
    onEvent: (_pod, of, event) => events.push(`${of.name}: ${event.join(' ')}`),
  });
  const of = { ...pod({ containers: [container('main', own)] }), ...more };
  const zeroMs = world.clock.now();
  const follow = (attempt: number, startedAtMs = world.clock.now()): void =>
    prober.follow(of, { sandboxes: [sandbox({ createdAtMs: zeroMs })], containers: [running('main', { attempt, startedAtMs })] });
  return { world, prober, asked, events, inputs, counted, follow };
}
const on = (port: number, more: Partial<Probe> = {}): Probe => ({ tcpSocket: { port }, ...more });
const [startup, liveness, readiness] = [1, 2, 3];

test('a probe without settings runs every ten seconds, with a timeout of one second', async () => {
  const { world, asked, inputs, follow } = probing({ livenessProbe: on(liveness) }, () => success);
  follow(0);
  await world.advance(20_000);
  assert.deepEqual(asked, ['2@0', '2@10', '2@20']);
  assert.deepEqual(inputs.map(({ podIp, timeoutSeconds, containerId }) => ({ podIp, timeoutSeconds, containerId }))[0], {
    podIp: '10.0.0.2',
    timeoutSeconds: 1,
    containerId: 'main-0',
  });
});

describe('an event', () => {
  const eventsOf = async (result: CheckResult) => {
    const node = probing({ livenessProbe: on(liveness, { failureThreshold: 1, periodSeconds: 60 }) }, () => result);
    node.follow(0);
    await node.world.settle();
    return { ...node, failed: node.prober.findings()['main-0']?.failed };
  };

  test('an event has each failure', async () => {
    const { events, failed, counted } = await eventsOf(failure);
    assert.deepEqual([events, failed, counted], [['main: Unhealthy Liveness probe failed: no answer'], 'liveness', [false]]);
  });

  test('an event has the warning of a check that passed', async () => {
    const { events, failed, counted } = await eventsOf({ outcome: 'warning', message: 'moved' });
    assert.deepEqual([events, failed, counted], [['main: ProbeWarning Liveness probe warning: moved'], undefined, [true]]);
  });

  test('an event has a check that could not be made in three attempts, which counts for nothing', async () => {
    const { events, failed, counted, asked } = await eventsOf(error);
    const text = 'main: Unhealthy Liveness probe errored and resulted in unknown state: no such file';
    assert.deepEqual([events, failed, counted, asked.length], [[text], undefined, [], 3]);
  });
});

describe('an agent that begins anew', () => {
  const known = (ready: boolean, started: boolean): Partial<Pod> => ({
    status: {
      containerStatuses: [{ name: 'main', containerID: 'containerd://main-0', ready, started, restartCount: 0, image: '', imageID: '' }],
    },
  });

  test('an agent that begins anew keeps what the API knew until a probe finds otherwise', async () => {
    const probes = { startupProbe: on(startup), readinessProbe: on(readiness, { periodSeconds: 2, failureThreshold: 2 }) };
    const { world, prober, asked, follow } = probing(probes, () => failure, known(true, true));
    follow(0);
    assert.deepEqual(prober.findings(), { 'main-0': { ready: true, started: true } });
    await world.advance(4000);
    assert.deepEqual(prober.findings(), { 'main-0': { ready: false, started: true } });
    assert.ok(
      asked.every((each) => each.startsWith('3@')),
      'the startup probe is over',
    );
  });

  test('a restarted agent first probes pods older than a period at random moments', async () => {
    const { world, asked, follow } = probing({ livenessProbe: on(liveness) }, () => success);
    await world.advance(60_000);
    follow(0);
    await world.advance(20_000);
    const [first, second] = asked.map((each) => Number(each.split('@')[1]));
    assert.equal(first, 60);
    assert.ok(second! > 60 && second! < 70, String(second));
  });
});

test('nothing is asked after the end', async () => {
  const { world, prober, asked, follow } = probing({ readinessProbe: on(readiness, { periodSeconds: 1 }) }, () => success);
  follow(0);
  await world.settle();
  const before = asked.length;
  prober.stop();
  follow(0);
  await world.advance(5000);
  assert.equal(asked.length, before);
});
