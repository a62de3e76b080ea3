import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Container, Pod, Probe } from '../../functions/kube/generated/types.ts';
import { container, pod, running, sandbox } from '../../test/support/node-pod.ts';
import { virtualWorld } from '../../test/support/virtual-world.ts';
import type { CheckResult } from './checks.ts';
import { createProber, type CheckInput } from './prober.ts';

const success: CheckResult = { outcome: 'success' };
const failure: CheckResult = { outcome: 'failure', message: 'no answer' };

/** Probes a container named main; `answers` says what each kind finds by the second since the container began. */
function probing(own: Partial<Container>, answers: (port: number, second: number) => CheckResult, more: Partial<Pod> = {}) {
  const world = virtualWorld();
  const asked: string[] = [];
  const told: string[] = [];
  const inputs: CheckInput[] = [];
  let changes = 0;
  const seconds = (): number => world.clock.monotonicMs() / 1000;
  const prober = createProber({
    ...world,
    hostIps: ['192.168.0.1'],
    check: async (probe: Probe, input) => {
      const port = Number(probe.tcpSocket!.port);
      asked.push(`${port}@${seconds()}`);
      inputs.push(input);
      return answers(port, seconds());
    },
    onChange: () => (changes += 1),
    onFailure: (_pod, of, message) => told.push(`${of.name}: ${message}`),
  });
  const of = { ...pod({ containers: [container('main', own)] }), ...more };
  const follow = (...names: number[]): void => {
    const containers = names.map((attempt) => running('main', { attempt, startedAtMs: world.clock.now() }));
    prober.follow(of, { sandboxes: [sandbox()], containers });
  };
  return { world, prober, asked, told, inputs, follow, changes: () => changes };
}
const on = (port: number, more: Partial<Probe> = {}): Probe => ({ tcpSocket: { port }, ...more });
const [startup, liveness, readiness] = [1, 2, 3];

test('asks after the initial delay and then every period', async () => {
  const { world, asked, follow } = probing({ readinessProbe: on(readiness, { initialDelaySeconds: 5, periodSeconds: 3 }) }, () => success);
  follow(0);
  await world.advance(12_000);
  assert.deepEqual(asked, ['3@5', '3@8', '3@11']);
});

test('asks every ten seconds, for one second, when nothing is said', async () => {
  const { world, asked, inputs, follow } = probing({ readinessProbe: on(readiness) }, () => success);
  follow(0);
  await world.advance(20_000);
  assert.deepEqual(asked, ['3@0', '3@10', '3@20']);
  assert.deepEqual(inputs.map(({ podIp, timeoutSeconds, containerId }) => ({ podIp, timeoutSeconds, containerId }))[0], {
    podIp: '10.0.0.2',
    timeoutSeconds: 1,
    containerId: 'main-0',
  });
});

describe('readiness', () => {
  const flaky = (_port: number, second: number): CheckResult => (second >= 4 && second < 8 ? failure : success);

  test('turns with the thresholds, and each failure is told', async () => {
    const { world, prober, told, follow, changes } = probing(
      { readinessProbe: on(readiness, { periodSeconds: 1, failureThreshold: 3, successThreshold: 2 }) },
      flaky,
    );
    const ready = (): boolean | undefined => prober.findings()['main-0']?.ready;
    follow(0);
    await world.settle();
    const seen: (boolean | undefined)[] = [ready()];
    for (let second = 1; second < 11; second += 1) {
      await world.advance(1000);
      seen.push(ready());
    }
    const [never, yes, no] = [undefined, true, false];
    assert.deepEqual(seen, [never, yes, yes, yes, yes, yes, no, no, no, yes, yes]);
    assert.deepEqual(told, Array<string>(4).fill('main: Readiness probe failed: no answer'));
    assert.equal(changes(), 3, 'only a turn wakes the pod’s worker');
  });

  test('is what the API knew when an agent begins anew', () => {
    const status = {
      containerStatuses: [{ name: 'main', containerID: 'containerd://main-0', ready: true, restartCount: 0, image: '', imageID: '' }],
    };
    const { prober, follow } = probing({ readinessProbe: on(readiness) }, () => failure, { status });
    follow(0);
    assert.deepEqual(prober.findings(), { 'main-0': { ready: true, started: undefined } });
  });
});

test('liveness gives a container up after three failures, and asks no more', async () => {
  const { world, prober, asked, told, follow } = probing({ livenessProbe: on(liveness, { periodSeconds: 2 }) }, () => failure);
  follow(0);
  await world.advance(20_000);
  assert.deepEqual(asked, ['2@0', '2@2', '2@4']);
  assert.equal(prober.findings()['main-0']!.failed, 'liveness');
  assert.deepEqual(told, Array<string>(3).fill('main: Liveness probe failed: no answer'));
});

describe('startup', () => {
  const probes = {
    startupProbe: on(startup, { periodSeconds: 2, failureThreshold: 5 }),
    livenessProbe: on(liveness, { periodSeconds: 5 }),
    readinessProbe: on(readiness, { periodSeconds: 5 }),
  };

  test('holds the other probes back until it passes, and then asks no more', async () => {
    const { world, prober, asked, follow } = probing(probes, (port, second) => (port === startup && second < 4 ? failure : success));
    follow(0);
    await world.advance(3000);
    assert.equal(prober.findings()['main-0']!.started, undefined);
    await world.advance(9000);
    assert.deepEqual(asked, ['1@0', '1@2', '1@4', '2@4', '3@4', '2@9', '3@9']);
    assert.deepEqual(prober.findings()['main-0'], { started: true, ready: true });
  });

  test('gives a container up that does not start', async () => {
    const { world, prober, asked, follow } = probing(probes, () => failure);
    follow(0);
    await world.advance(60_000);
    assert.deepEqual(asked, ['1@0', '1@2', '1@4', '1@6', '1@8']);
    assert.equal(prober.findings()['main-0']!.failed, 'startup');
  });
});

test('a restarted container begins from nothing, and the one before is asked no more', async () => {
  const { world, prober, inputs, follow } = probing({ readinessProbe: on(readiness, { periodSeconds: 1 }) }, () => success);
  follow(0);
  await world.advance(2000);
  follow(1);
  assert.deepEqual(prober.findings(), { 'main-1': { ready: undefined, started: undefined } });
  await world.advance(1000);
  assert.deepEqual(
    inputs.map(({ containerId }) => containerId),
    ['main-0', 'main-0', 'main-0', 'main-1', 'main-1'],
  );
  prober.stop();
  await world.advance(5000);
  assert.equal(inputs.length, 5);
});
