import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ContainerStatus, Event, Node, Pod, PodStatus } from '../../../kube/generated/types.ts';
import { mayBeWrong, problemsOf, type Seen } from './problems.ts';

const nowMs = Date.parse('2026-01-01T12:00:00Z');
const ago = (minutes: number): string => new Date(nowMs - minutes * 60_000).toISOString();
const nothing: Seen = { pods: [], nodes: [], deployments: [], claims: [], jobs: [], events: [] };
const kindOf = (_: string, kind: string): string | undefined => ({ Pod: 'pods', Service: 'services' })[kind];
const sentences = (seen: Partial<Seen>): string[] => problemsOf({ ...nothing, ...seen }, nowMs, kindOf).map(({ sentence }) => sentence);

const pod = (status: PodStatus, metadata: Pod['metadata'] = {}): Pod => ({
  metadata: { name: 'web', namespace: 'shop', creationTimestamp: ago(30), ...metadata },
  spec: { containers: [{ name: 'main' }], nodeName: 'node-1' },
  status,
});
const container = (state: ContainerStatus['state'], lastState?: ContainerStatus['lastState']): ContainerStatus => ({
  name: 'main',
  image: 'web:2',
  imageID: '',
  ready: false,
  restartCount: 3,
  state,
  ...(lastState === undefined ? {} : { lastState }),
});
const ended = (exitCode: number, reason: string) => ({ terminated: { exitCode, reason, finishedAt: ago(1) } });
const ready = { type: 'Ready', status: 'True' };

const pods: readonly (readonly [what: string, pod: Pod, sentence: string | undefined])[] = [
  ['is well', pod({ phase: 'Running', conditions: [ready] }), undefined],
  ['has ended well', pod({ phase: 'Succeeded' }), undefined],
  [
    'crashes',
    pod({ phase: 'Running', containerStatuses: [container({ waiting: { reason: 'CrashLoopBackOff' } }, ended(7, 'Error'))] }),
    'Container main crashes again and again: it ended with exit code 7',
  ],
  [
    'crashes for memory',
    pod({ phase: 'Running', containerStatuses: [container({ waiting: { reason: 'CrashLoopBackOff' } }, ended(137, 'OOMKilled'))] }),
    'Container main crashes again and again: it used more memory than its limit',
  ],
  [
    'lacks its image',
    pod({ phase: 'Pending', containerStatuses: [container({ waiting: { reason: 'ImagePullBackOff', message: 'no such tag' } })] }),
    'The image web:2 of container main cannot be pulled: no such tag',
  ],
  [
    'lacks its Secret',
    pod({
      phase: 'Pending',
      containerStatuses: [container({ waiting: { reason: 'CreateContainerConfigError', message: 'secret "s" not found' } })],
    }),
    'Container main cannot start: secret "s" not found',
  ],
  [
    'finds no node',
    pod({ phase: 'Pending', conditions: [{ type: 'PodScheduled', status: 'False', message: '0/2 nodes are available' }] }),
    'No node can take it: 0/2 nodes are available',
  ],
  [
    'was evicted',
    pod({ phase: 'Failed', reason: 'Evicted', message: 'The node was low on memory' }),
    'It has failed: The node was low on memory',
  ],
  ['is not gone', pod({ phase: 'Running' }, { deletionTimestamp: ago(5) }), 'It should be gone: its node node-1 has not ended it'],
  [
    'is held',
    pod({ phase: 'Running' }, { deletionTimestamp: ago(5), finalizers: ['a/b'] }),
    'It should be gone: the finalizers a/b hold it',
  ],
  ['goes now', pod({ phase: 'Running' }, { deletionTimestamp: ago(0) }), undefined],
  ['has just begun', pod({ phase: 'Pending' }, { creationTimestamp: ago(0) }), undefined],
  [
    'is not ready',
    pod({
      phase: 'Running',
      conditions: [{ type: 'Ready', status: 'False', lastTransitionTime: ago(4) }],
      containerStatuses: [container({ running: {} })],
    }),
    'It is not ready for 4m: container main.',
  ],
];

for (const [what, one, sentence] of pods) {
  test(`a pod that ${what} has ${sentence === undefined ? 'no sentence' : 'a sentence with the cause'}`, () => {
    assert.deepEqual(sentences({ pods: [one] }), sentence === undefined ? [] : [sentence]);
  });
}

const node = (spec: Node['spec'], ...conditions: NonNullable<NonNullable<Node['status']>['conditions']>): Node => ({
  metadata: { name: 'node-1', creationTimestamp: ago(60) },
  spec,
  status: { conditions },
});

test('nodes that are unresponsive, pressed or cordoned are found', () => {
  const silent = node({}, { type: 'Ready', status: 'Unknown', message: 'no heartbeat', lastTransitionTime: ago(2) });
  const pressed = node({}, { type: 'MemoryPressure', status: 'True', message: 'little is left' }, ready);
  assert.deepEqual(sentences({ nodes: [silent] }), ['The node is not ready: no heartbeat']);
  assert.deepEqual(sentences({ nodes: [pressed] }), ['The node has MemoryPressure: little is left']);
  assert.deepEqual(sentences({ nodes: [node({ unschedulable: true }, ready)] }), ['The node is cordoned: no new pods are placed on it.']);
  assert.deepEqual(sentences({ nodes: [node({}, ready)] }), []);
});

const event = (kind: string, name: string, minutes: number, count: number): Event => ({
  metadata: { name: `${name}.${minutes}`, namespace: 'shop' },
  involvedObject: { kind, apiVersion: 'v1', name, namespace: 'shop' },
  reason: 'Failed',
  message: `it failed ${minutes} minutes ago`,
  count,
  lastTimestamp: ago(minutes),
});

test('of the events of an object without a finding the newest one counts', () => {
  const events = [
    event('Service', 's', 3, 1),
    event('Service', 's', 2, 4),
    event('Service', 'old', 30, 1),
    event('Pod', 'web', 1, 1),
    event('Oven', 'o', 1, 1),
  ];
  assert.deepEqual(sentences({ events, pods: [pod({ phase: 'Failed', message: 'x' })] }), [
    'Failed: it failed 2 minutes ago (4 times)',
    'It has failed: x',
  ]);
});

test('the newest problem comes first', () => {
  const cordoned = node(
    { unschedulable: true, taints: [{ key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule', timeAdded: ago(1) }] },
    ready,
  );
  assert.deepEqual(
    problemsOf({ ...nothing, nodes: [cordoned], pods: [pod({ phase: 'Failed', message: 'x', startTime: ago(9) })] }, nowMs, kindOf).map(
      ({ kind }) => kind,
    ),
    ['nodes', 'pods'],
  );
});

test('a row shows whether its pod may be wrong', () => {
  assert.deepEqual(
    [mayBeWrong('Running', '1/1'), mayBeWrong('Completed', '0/1'), mayBeWrong('Running', '1/2'), mayBeWrong('Pending', '0/1')],
    [false, false, true, true],
  );
});
