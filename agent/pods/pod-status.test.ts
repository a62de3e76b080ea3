import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Pod } from '../../functions/kube/generated/types.ts';
import { container, exited, nowMs, pod, running, sandbox } from '../../test/support/node-pod.ts';
import type { ContainerStatus } from '../runtime/runtime.ts';
import { planContainers } from './container-plan.ts';
import { emptyMemory, type PodMemory, type ProbeFindings } from './observed-pod.ts';
import { podStatus } from './pod-status.ts';

interface Input {
  readonly pod?: Pod;
  readonly containers?: readonly ContainerStatus[];
  readonly sandboxes?: Parameters<typeof podStatus>[0]['observed']['sandboxes'];
  readonly memory?: Partial<PodMemory>;
  readonly probes?: ProbeFindings;
}

function status({ pod: of = pod(), containers = [], sandboxes = [sandbox()], memory = {}, probes = {} }: Input) {
  const whole = { ...emptyMemory, volumes: 'ready' as const, ...memory };
  const plan = planContainers({ pod: of, sandboxId: 's0', containers, memory: whole, probes, nowMs });
  const observed = { sandboxes, containers };
  return podStatus({ pod: of, observed, memory: whole, probes, containers: plan, hostIps: ['192.168.0.1'], nowMs });
}

test('the whole status of a pod that runs', () => {
  const transition = { lastTransitionTime: '2026-01-01T00:00:00Z', observedGeneration: 3 };
  const of: Pod = { ...pod({}, { generation: 3 }), status: { qosClass: 'BestEffort' } };
  assert.deepEqual(status({ pod: of, containers: [running('main')] }), {
    observedGeneration: 3,
    phase: 'Running',
    conditions: [
      { type: 'PodReadyToStartContainers', status: 'True', ...transition },
      { type: 'Initialized', status: 'True', ...transition },
      { type: 'Ready', status: 'True', ...transition },
      { type: 'ContainersReady', status: 'True', ...transition },
      { type: 'PodScheduled', status: 'True', ...transition },
    ],
    hostIP: '192.168.0.1',
    hostIPs: [{ ip: '192.168.0.1' }],
    podIP: '10.0.0.2',
    podIPs: [{ ip: '10.0.0.2' }],
    startTime: '2026-01-01T00:00:00Z',
    containerStatuses: [
      {
        name: 'main',
        state: { running: { startedAt: '2025-12-31T23:59:10Z' } },
        lastState: {},
        ready: true,
        restartCount: 0,
        image: 'main:v1',
        imageID: 'sha256:main',
        containerID: 'containerd://main-0',
        resources: {},
        started: true,
      },
    ],
    qosClass: 'BestEffort',
  });
});

describe('the phase', () => {
  const two = { containers: [container('a'), container('b')] };
  const phase = (restartPolicy: string, containers: ContainerStatus[]): string =>
    status({ pod: pod({ ...two, restartPolicy }), containers }).phase!;
  const facts: readonly (readonly [why: string, policy: string, containers: ContainerStatus[], phase: string])[] = [
    ['nothing began', 'Always', [], 'Pending'],
    ['one runs, one has not begun', 'Always', [running('a')], 'Pending'],
    ['both run', 'Always', [running('a'), running('b')], 'Running'],
    ['one ended and is to be started again', 'Always', [running('a'), exited('b', 1)], 'Running'],
    ['both ended and are to be started again', 'Always', [exited('a', 0), exited('b', 1)], 'Running'],
    ['one is done, one runs', 'Never', [exited('a', 0), running('b')], 'Running'],
    ['both are done', 'Never', [exited('a', 0), exited('b', 0)], 'Succeeded'],
    ['one of two failed', 'Never', [exited('a', 0), exited('b', 1)], 'Failed'],
    ['one of two failed and may try again', 'OnFailure', [exited('a', 0), exited('b', 1)], 'Running'],
    ['both came to a good end', 'OnFailure', [exited('a', 0), exited('b', 0)], 'Succeeded'],
  ];
  for (const [why, policy, containers, wanted] of facts) {
    test(`the phase is ${wanted} with ${policy} when ${why}`, () => assert.equal(phase(policy, containers), wanted));
  }

  test('the phase of a pod that ended stays, whatever is found later', () => {
    for (const ended of ['Succeeded', 'Failed']) {
      assert.equal(status({ pod: { ...pod(), status: { phase: ended } }, containers: [running('main')] }).phase, ended);
    }
  });

  test('the phase of a deleted pod shows how its containers ended', () => {
    const deleted = pod({}, { deletionTimestamp: '2026-01-01T00:00:00Z' });
    assert.equal(status({ pod: deleted, containers: [exited('main', 0)] }).phase, 'Succeeded');
    assert.equal(status({ pod: deleted, containers: [exited('main', 137)] }).phase, 'Failed');
  });
});

describe('a container’s state', () => {
  const main = (input: Input) => status(input).containerStatuses![0]!;

  test('the state of an ended container has its exit code and termination message', () => {
    const never = pod({ restartPolicy: 'Never' });
    assert.deepEqual(main({ pod: never, containers: [exited('main', 3, { message: 'out of ideas' })] }).state, {
      terminated: {
        exitCode: 3,
        reason: 'Error',
        message: 'out of ideas',
        startedAt: '2025-12-31T23:59:10Z',
        finishedAt: '2025-12-31T23:59:59Z',
        containerID: 'containerd://main-0',
      },
    });
  });

  test('a container’s status shows its resources once the container exists', () => {
    const resources = { requests: { cpu: '100m' }, limits: { memory: '64Mi' } };
    const of = pod({ containers: [container('main', { resources })] });
    assert.equal(main({ pod: of }).resources, undefined);
    const seen = main({ pod: of, containers: [running('main')] });
    assert.deepEqual([seen.resources, seen.allocatedResources], [resources, resources.requests]);
  });

  test('a container shows where its volumes are mounted', () => {
    const volumeMounts = [
      { name: 'a', mountPath: '/a', subPath: 'x' },
      { name: 'b', mountPath: '/b', readOnly: true },
    ];
    assert.deepEqual(main({ pod: pod({ containers: [container('main', { volumeMounts })] }) }).volumeMounts, [
      { name: 'a', mountPath: '/a' },
      { name: 'b', mountPath: '/b', readOnly: true, recursiveReadOnly: 'Disabled' },
    ]);
  });

  test('a container’s state is OOMKilled only when its main process was', () => {
    const never = pod({ restartPolicy: 'Never' });
    const reason = (exitCode: number): string =>
      main({ pod: never, containers: [exited('main', exitCode, { reason: 'OOMKilled' })] }).state!.terminated!.reason!;
    assert.deepEqual([reason(137), reason(0)], ['OOMKilled', 'Completed']);
  });

  test('a container’s state keeps the end before this run as its last state', () => {
    const { lastState, restartCount } = main({ containers: [running('main', { attempt: 2 }), exited('main', 7, { attempt: 1 })] });
    assert.deepEqual([restartCount, lastState!.terminated!.exitCode], [2, 7]);
  });

  test('a container’s state takes the last state from the API when the runtime forgot it', () => {
    const lastState = { terminated: { exitCode: 7 } };
    const prior = { name: 'main', restartCount: 2, lastState, ready: true, image: 'main:v1', imageID: '' };
    const of: Pod = { ...pod(), status: { containerStatuses: [prior] } };
    assert.deepEqual(main({ pod: of, containers: [running('main', { attempt: 2 })] }).lastState, lastState);
  });

  test('lastState reports a container that ran and cannot be found any more', () => {
    const prior = { name: 'main', restartCount: 0, ready: true, image: 'main:v1', imageID: '', state: { running: {} } };
    const of: Pod = { ...pod(), status: { containerStatuses: [prior] } };
    assert.deepEqual(main({ pod: of }).lastState, {
      terminated: {
        exitCode: 137,
        reason: 'ContainerStatusUnknown',
        message: 'The container could not be located when the pod was deleted.  The container used to be Running',
      },
    });
  });

  test('a container’s state names the image as it was asked for when the runtime only knows its digest', () => {
    assert.equal(main({ containers: [running('main', { image: 'sha256:abc' })] }).image, 'main:v1');
  });

  test('a container’s state of a failed start is shown until the next try', () => {
    const failure = { reason: 'CreateContainerConfigError', message: 'secret "x" not found', failedAtMs: nowMs, retryAtMs: nowMs + 10_000 };
    assert.deepEqual(main({ memory: { failures: { main: failure } } }).state, {
      waiting: { reason: 'CreateContainerConfigError', message: 'secret "x" not found' },
    });
  });
});

describe('addresses', () => {
  test('addresses of a pod of the host’s network are the node’s, once it has a sandbox', () => {
    const host = pod({ hostNetwork: true });
    assert.equal(status({ pod: host, sandboxes: [] }).podIP, undefined);
    assert.equal(status({ pod: host, sandboxes: [sandbox({ ips: [] })] }).podIP, '192.168.0.1');
  });

  test('addresses stay known after the sandbox is gone', () => {
    const of: Pod = { ...pod(), status: { podIPs: [{ ip: '10.0.0.9' }] } };
    assert.equal(status({ pod: of, sandboxes: [] }).podIP, '10.0.0.9');
  });
});

describe('conditions', () => {
  const verdict = (input: Input, type: string): string => {
    const found = status(input).conditions!.find((condition) => condition.type === type)!;
    return [found.status, found.reason, found.message].filter((word) => word !== undefined).join(' ');
  };

  test('a readiness gate must be true as well', () => {
    const gated = pod({ readinessGates: [{ conditionType: 'example.com/warm' }] });
    const containers = [running('main')];
    const missing = 'False ReadinessGatesNotReady corresponding condition of pod readiness gate "example.com/warm" does not exist.';
    assert.equal(verdict({ pod: gated, containers }, 'Ready'), missing);
    assert.equal(verdict({ pod: gated, containers }, 'ContainersReady'), 'True');
    const at = (value: string): Pod => ({ ...gated, status: { conditions: [{ type: 'example.com/warm', status: value }] } });
    assert.equal(
      verdict({ pod: at('False'), containers }, 'Ready'),
      'False ReadinessGatesNotReady the status of pod readiness gate "example.com/warm" is not "True", but False',
    );
    assert.equal(verdict({ pod: at('True'), containers }, 'Ready'), 'True');
  });

  test('conditions of other writers are kept', () => {
    const of: Pod = { ...pod(), status: { conditions: [{ type: 'DisruptionTarget', status: 'True', reason: 'EvictionByEvictionAPI' }] } };
    assert.equal(verdict({ pod: of }, 'DisruptionTarget'), 'True EvictionByEvictionAPI');
  });

  test('the time of a condition moves only when it turns', () => {
    const lastTransitionTime = '2025-01-01T00:00:00Z';
    const before = { type: 'Ready', status: 'False', lastTransitionTime };
    const of: Pod = { ...pod(), status: { conditions: [before] } };
    const time = (input: Input) => status(input).conditions!.find(({ type }) => type === 'Ready')!.lastTransitionTime;
    assert.equal(time({ pod: of }), lastTransitionTime);
    assert.equal(time({ pod: of, containers: [running('main')] }), '2026-01-01T00:00:00Z');
  });

  test('a pod that ended is not ready, with the reason PodCompleted or PodFailed', () => {
    const never = pod({ restartPolicy: 'Never' });
    assert.equal(verdict({ pod: never, containers: [exited('main', 0)] }, 'ContainersReady'), 'False PodCompleted');
    assert.equal(verdict({ pod: never, containers: [exited('main', 1)] }, 'ContainersReady'), 'False PodFailed');
  });
});
