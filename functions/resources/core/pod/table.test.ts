import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ContainerStatus, Pod, PodSpec, PodStatus } from '../../../kube/generated/types.ts';
import { columns, podSummary } from './table.ts';

const now = Date.parse('2026-01-01T01:00:00Z');

const container = (state: ContainerStatus['state'], more: Partial<ContainerStatus> = {}): ContainerStatus => ({
  name: 'c',
  image: 'nginx',
  imageID: '',
  ready: false,
  restartCount: 0,
  state,
  ...more,
});
const running = { running: {} };
const waiting = (reason: string) => ({ waiting: { reason } });
const ended = (exitCode: number, reason?: string, signal?: number) => ({ terminated: { exitCode, reason, signal } });

const pod = (status: PodStatus, spec: Partial<PodSpec> = {}, metadata: Pod['metadata'] = {}): Pod => ({
  metadata: { name: 'web', creationTimestamp: '2026-01-01T00:55:00Z', ...metadata },
  spec: { containers: [{ name: 'c', image: 'nginx' }], ...spec },
  status,
});

const inits = (...names: string[]): Partial<PodSpec> => ({ initContainers: names.map((name) => ({ name, image: 'busybox' })) });
const sidecar: Partial<PodSpec> = { initContainers: [{ name: 's', image: 'proxy', restartPolicy: 'Always' }] };
const deleted = { deletionTimestamp: '2026-01-01T00:59:00Z' };

const cases: [string, Pod, string][] = [
  ['a new pod', pod({ phase: 'Pending' }), '0/1 Pending 0'],
  [
    'a pod that waits for its containers',
    pod({ phase: 'Pending', containerStatuses: [container(waiting('ContainerCreating'))] }),
    '0/1 ContainerCreating 0',
  ],
  ['a running pod', pod({ phase: 'Running', containerStatuses: [container(running, { ready: true })] }), '1/1 Running 0'],
  [
    'a crashing pod',
    pod({ phase: 'Running', containerStatuses: [container(waiting('CrashLoopBackOff'), { restartCount: 3 })] }),
    '0/1 CrashLoopBackOff 3',
  ],
  ['a completed pod', pod({ phase: 'Succeeded', containerStatuses: [container(ended(0, 'Completed'))] }), '0/1 Completed 0'],
  ['a failed pod', pod({ phase: 'Failed', containerStatuses: [container(ended(1, 'Error'))] }), '0/1 Error 0'],
  ['an exit without a reason', pod({ phase: 'Failed', containerStatuses: [container(ended(3))] }), '0/1 ExitCode:3 0'],
  ['a signal without a reason', pod({ phase: 'Failed', containerStatuses: [container(ended(137, undefined, 9))] }), '0/1 Signal:9 0'],
  ['an evicted pod', pod({ phase: 'Failed', reason: 'Evicted' }), '0/1 Evicted 0'],
  [
    'a pod that is going',
    pod({ phase: 'Running', containerStatuses: [container(running, { ready: true })] }, {}, deleted),
    '1/1 Terminating 0',
  ],
  ['a finished pod that is going', pod({ phase: 'Succeeded' }, {}, deleted), '0/1 Succeeded 0'],
  ['a pod on a lost node', pod({ phase: 'Running', reason: 'NodeLost' }, {}, deleted), '0/1 Unknown 0'],
  [
    'a pod behind a gate',
    pod({ phase: 'Pending', conditions: [{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated' }] }),
    '0/1 SchedulingGated 0',
  ],
  [
    'init containers under way',
    pod(
      { phase: 'Pending', initContainerStatuses: [container(ended(0), { name: 'a' }), container(running, { name: 'b' })] },
      inits('a', 'b'),
    ),
    '0/1 Init:1/2 0',
  ],
  [
    'init containers not begun',
    pod({ phase: 'Pending', initContainerStatuses: [container(waiting('PodInitializing'), { name: 'a' })] }, inits('a')),
    '0/1 Init:0/1 0',
  ],
  [
    'a failing init container',
    pod({ phase: 'Pending', initContainerStatuses: [container(waiting('CrashLoopBackOff'), { name: 'a', restartCount: 2 })] }, inits('a')),
    '0/1 Init:CrashLoopBackOff 2',
  ],
  [
    'an init container that exited',
    pod({ phase: 'Pending', initContainerStatuses: [container(ended(1), { name: 'a' })] }, inits('a')),
    '0/1 Init:ExitCode:1 0',
  ],
  [
    'done init containers',
    pod(
      {
        phase: 'Pending',
        initContainerStatuses: [container(ended(0), { name: 'a', restartCount: 4 })],
        containerStatuses: [container(waiting('PodInitializing'))],
      },
      inits('a'),
    ),
    '0/1 PodInitializing 0',
  ],
  [
    'a sidecar',
    pod(
      {
        phase: 'Running',
        initContainerStatuses: [container(running, { name: 's', started: true, ready: true, restartCount: 1 })],
        containerStatuses: [container(running, { ready: true })],
      },
      sidecar,
    ),
    '2/2 Running 1',
  ],
];

for (const [what, object, text] of cases) {
  test(`${what} shows as ${text}`, () => {
    const { ready, total, reason, restarts } = podSummary(object);
    assert.equal(`${ready}/${total} ${reason} ${restarts}`, text);
  });
}

const two: Partial<PodSpec> = { containers: [{ name: 'a' }, { name: 'b' }] };

for (const [ready, reason] of [
  ['True', 'Running'],
  ['False', 'NotReady'],
] as const) {
  test(`a pod of which one container completed is ${reason} when its Ready condition is ${ready}`, () => {
    const containerStatuses = [container(ended(0, 'Completed'), { name: 'a' }), container(running, { name: 'b', ready: true })];
    assert.equal(
      podSummary(pod({ phase: 'Running', containerStatuses, conditions: [{ type: 'Ready', status: ready }] }, two)).reason,
      reason,
    );
  });
}

test('the table of a pod has the columns of kubectl get pods -o wide', () => {
  const lastState = { terminated: { exitCode: 1, finishedAt: '2026-01-01T00:55:00Z' } };
  const object = pod(
    {
      phase: 'Running',
      podIP: '10.244.0.7',
      podIPs: [{ ip: '10.244.0.7' }],
      containerStatuses: [container(running, { ready: true, restartCount: 2, lastState })],
    },
    { nodeName: 'n1', readinessGates: [{ conditionType: 'lb' }] },
  );
  assert.deepEqual(
    columns.map(({ name, priority, value }) => [name, priority, value(object, now)]),
    [
      ['Name', 0, 'web'],
      ['Ready', 0, '1/1'],
      ['Status', 0, 'Running'],
      ['Restarts', 0, '2 (5m ago)'],
      ['Age', 0, '5m'],
      ['IP', 1, '10.244.0.7'],
      ['Node', 1, 'n1'],
      ['Nominated Node', 1, '<none>'],
      ['Readiness Gates', 1, '0/1'],
    ],
  );
});
