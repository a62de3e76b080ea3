import assert from 'node:assert/strict';
import { test } from 'node:test';
import { viewOf } from '../../../../test/support/view.ts';
import type { Pod, PodSpec, ResourceRequirements } from '../../../kube/generated/types.ts';
import { StatusError } from '../../../kube/status-error.ts';
import type { ObjectSubresource } from '../../definition.ts';
import { qosClassOf } from '../../../kube/pod-qos.ts';
import { graceSeconds } from './grace.ts';
import { prepareForCreate, prepareForStatusUpdate } from './strategy.ts';
import { subresources } from './subresources.ts';

const context = { nowMs: Date.parse('2026-01-01T00:00:00Z'), userName: 'test', random: () => 0 };
const pod = (spec: Partial<PodSpec> = {}, status?: Pod['status']): Pod => ({
  metadata: { name: 'web', namespace: 'default', uid: 'u1', generation: 1 },
  spec: { containers: [{ name: 'c' }], terminationGracePeriodSeconds: 30, ...spec },
  status,
});
const sized = (...resources: ResourceRequirements[]): Pod =>
  pod({ containers: resources.map((each, index) => ({ name: `c${index}`, resources: each })) });
const full = { limits: { cpu: '1', memory: '1Gi' } };

test('a new pod is pending, with any status of its creator', () => {
  const object = pod({}, { phase: 'Running', podIP: '1.2.3.4' });
  prepareForCreate(object, context);
  assert.deepEqual(object.status, { phase: 'Pending', qosClass: 'BestEffort' });
});

test('a new pod behind a gate has a condition for it', () => {
  const object = pod({ schedulingGates: [{ name: 'g' }] });
  prepareForCreate(object, context);
  assert.deepEqual(object.status?.conditions, [
    {
      type: 'PodScheduled',
      status: 'False',
      reason: 'SchedulingGated',
      lastProbeTime: null,
      message: 'Scheduling is blocked due to non-empty scheduling gates',
      lastTransitionTime: '2026-01-01T00:00:00Z',
    },
  ]);
});

for (const [what, object, qos] of [
  ['no resources', sized({}), 'BestEffort'],
  ['limits only', sized(full), 'Guaranteed'],
  ['equal requests', sized({ ...full, requests: { cpu: '1000m', memory: '1024Mi' } }), 'Guaranteed'],
  ['smaller requests', sized({ ...full, requests: { cpu: '500m' } }), 'Burstable'],
  ['one container without', sized(full, {}), 'Burstable'],
  ['an empty list of the whole pod', { ...sized(full), spec: { ...sized(full).spec, resources: {} } }, 'Guaranteed'],
  ['a request for cpu', sized({ requests: { cpu: '1m' } }), 'Burstable'],
] as const) {
  test(`a pod with ${what} is ${qos}`, () => assert.equal(qosClassOf(object), qos));
}

for (const [what, object, requested, seconds] of [
  ['is not bound', pod(), undefined, 0],
  ['is bound', pod({ nodeName: 'n' }), undefined, 30],
  ['is bound, with a grace period', pod({ nodeName: 'n' }), 5, 5],
  ['is bound, with a grace period of 0', pod({ nodeName: 'n' }), 0, 0],
  ['is bound, with a negative grace period', pod({ nodeName: 'n' }), -1, 1],
  ['is finished', pod({ nodeName: 'n' }, { phase: 'Succeeded' }), 10, 0],
] as const) {
  test(`a pod that ${what} gets ${seconds} seconds to stop`, () => assert.equal(graceSeconds(object, requested), seconds));
}

test('a report of an address fills the list of addresses', () => {
  const next = pod({}, { podIP: '10.244.0.2', hostIP: '192.168.0.1' });
  prepareForStatusUpdate(next, pod({}, { qosClass: 'BestEffort' }));
  assert.deepEqual(next.status, {
    podIP: '10.244.0.2',
    podIPs: [{ ip: '10.244.0.2' }],
    hostIP: '192.168.0.1',
    qosClass: 'BestEffort',
  });
});

test('a report without generations keeps those that were observed, each condition its own', () => {
  const condition = (type: string, status: string, observedGeneration?: number) => ({
    type,
    status,
    ...(observedGeneration === undefined ? {} : { observedGeneration }),
  });
  const current = { observedGeneration: 3, conditions: [condition('Ready', 'True', 2), condition('Ready', 'True', 1)] };
  const next = pod({}, { conditions: [condition('Ready', 'False'), condition('Ready', 'True', 4), condition('Other', 'True')] });
  prepareForStatusUpdate(next, pod({}, current));
  assert.deepEqual(
    [next.status?.observedGeneration, next.status?.conditions?.map(({ observedGeneration }) => observedGeneration)],
    [3, [2, 4, undefined]],
  );
});

const objectSubresource = (name: string): ObjectSubresource<Pod> => {
  const found = subresources.find((each) => each.name === name);
  assert.ok(found?.kind === 'object');
  return found;
};
const bind = (object: Pod, target: object, metadata: Pod['metadata'] = {}) =>
  objectSubresource('binding').write(object, { metadata, target } as never, context, viewOf());

test('a binding puts the pod on the node and sets its condition PodScheduled', () => {
  const result = bind(pod(), { kind: 'Node', name: 'n1' }, { annotations: { why: 'there' } });
  assert.ok(result.outcome === 'update');
  assert.equal(result.object.spec.nodeName, 'n1');
  assert.deepEqual(result.object.metadata.annotations, { why: 'there' });
  assert.deepEqual(result.object.status?.conditions, [
    { lastProbeTime: null, type: 'PodScheduled', status: 'True', lastTransitionTime: '2026-01-01T00:00:00Z' },
  ]);
});

for (const [what, object, target, metadata, message] of [
  [
    'bound already',
    pod({ nodeName: 'n1' }),
    { name: 'n2' },
    {},
    'Operation cannot be fulfilled on pods/binding "web": pod web is already assigned to node "n1"',
  ],
  [
    'going',
    { ...pod(), metadata: { name: 'web', deletionTimestamp: 'x' } },
    { name: 'n2' },
    {},
    'Operation cannot be fulfilled on pods/binding "web": pod web is being deleted, cannot be assigned to a host',
  ],
  [
    'gated',
    pod({ schedulingGates: [{ name: 'g' }] }),
    { name: 'n2' },
    {},
    'Operation cannot be fulfilled on pods/binding "web": pod web has non-empty .spec.schedulingGates',
  ],
  [
    'another',
    pod(),
    { name: 'n2' },
    { uid: 'u0' },
    'Operation cannot be fulfilled on pods/binding "web": Precondition failed: UID in precondition: u0, UID in object meta: u1',
  ],
] as const) {
  test(`a binding of a pod that is ${what} is refused`, () =>
    assert.throws(
      () => bind(object as Pod, target, metadata),
      (error) => error instanceof StatusError && error.message === message,
    ));
}

for (const [target, message] of [
  [{}, 'target.name: Required value'],
  [{ kind: 'Pod', name: 'x' }, 'target.kind: Unsupported value: "Pod": supported values: "Node", "<empty>"'],
  [{ kind: 'Pod' }, '[target.kind: Unsupported value: "Pod": supported values: "Node", "<empty>", target.name: Required value]'],
] as const) {
  test(`a binding to ${JSON.stringify(target)} is refused before its pod is read`, () =>
    assert.throws(
      () => objectSubresource('binding').checkBody?.({ metadata: {}, target } as never),
      (error) => error instanceof StatusError && error.code === 500 && error.message === message,
    ));
}

test('an eviction deletes the pod with the options it brings', async () => {
  const body = { metadata: {}, deleteOptions: { gracePeriodSeconds: 3 } };
  const eviction = objectSubresource('eviction');
  await eviction.load?.();
  const { outcome, options } = { options: undefined, ...eviction.write(pod(), body, context, viewOf()) };
  assert.deepEqual([outcome, options], ['delete', { gracePeriodSeconds: 3 }]);
});
