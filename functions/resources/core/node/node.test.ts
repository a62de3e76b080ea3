import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FieldError } from '../../../kube/field-error.ts';
import type { Node } from '../../../kube/generated/types.ts';
import { nodes } from '../../../kube/resource-type.ts';
import type { View } from '../../../kube/view.ts';
import { changeOf, viewOf } from '../../../../test/support/view.ts';
import type { CommitChange } from '../../definition.ts';
import { podRangeRule } from './pod-ranges.ts';
import { columns } from './table.ts';
import { validateNode, validateNodeUpdate } from './validation.ts';
import { qualifiedNameErrors } from '../../../kube/names.ts';

const texts = (errors: readonly FieldError[]): string[] => errors.map(({ field, message }) => `${field}: ${message}`);
const node = (name: string, more: Partial<Node> = {}): Node => ({ metadata: { name }, spec: {}, ...more });
const view = (...others: Node[]): View => viewOf(...others.map((one) => [nodes, one] as const));
const change = (next: Node): CommitChange<Node> => changeOf(nodes, next);
const context = { nowMs: 0, userName: 'test', random: () => 0 };

test('each node gets the first range that is free', () => {
  const rule = podRangeRule('10.244.0.0/16', 24);
  const next = node('c');
  const others = [node('a', { spec: { podCIDR: '10.244.0.0/24' } }), node('b', { spec: { podCIDR: '10.244.2.0/24' } })];
  assert.deepEqual(rule.apply(change(next), view(...others), context), {});
  assert.deepEqual(next.spec, { podCIDR: '10.244.1.0/24', podCIDRs: ['10.244.1.0/24'] });
});

test('a node keeps the range it has', () => {
  const next = node('a', { spec: { podCIDR: '10.0.0.0/24' } });
  assert.deepEqual(podRangeRule('10.244.0.0/16', 24).apply(change(next), view(), context), {});
  assert.equal(next.spec.podCIDR, '10.0.0.0/24');
});

test('when every range is taken no node joins', () => {
  const { errors = [] } = podRangeRule('10.244.0.0/24', 24).apply(
    change(node('b')),
    view(node('a', { spec: { podCIDR: '10.244.0.0/24' } })),
    context,
  );
  assert.deepEqual(texts(errors), ['spec.podCIDR: Forbidden: no range is left for another node in 10.244.0.0/24']);
});

test('a taint needs a key and an effect, and each pair once', () => {
  const taints = [
    { key: '', effect: 'NoSchedule' },
    { key: 'a', effect: 'Maybe' },
    { key: 'a', effect: 'Maybe' },
  ];
  assert.deepEqual(texts(validateNode(node('a', { spec: { taints } }))), [
    ...qualifiedNameErrors('').map((why) => `metadata.taints[0].key: Invalid value: "": ${why}`),
    'metadata.taints[1].effect: Unsupported value: "Maybe": supported values: "NoSchedule", "PreferNoSchedule", "NoExecute"',
    'metadata.taints[2].effect: Unsupported value: "Maybe": supported values: "NoSchedule", "PreferNoSchedule", "NoExecute"',
    'metadata.taints[2]: Duplicate value: {"Key":"a","Value":"","Effect":"Maybe","TimeAdded":null}: taints must be unique by key and effect pair',
  ]);
});

test('a node names its features in order, and has no less than nothing', () => {
  const wrong = 'invalid feature name "x": must start with an UpperCamelCase segment';
  const errors = texts(validateNode(node('a', { status: { capacity: { cpu: '-1' }, declaredFeatures: ['B', 'A', 'x'] } })));
  assert.deepEqual(errors.slice(0, 2), [
    'status.capacity.cpu: Invalid value: "-1": must be greater than or equal to 0',
    'status.declaredFeatures[1]: Invalid value: "A": list must be sorted alphabetically',
  ]);
  assert.ok(errors[2]?.startsWith(`status.declaredFeatures[2]: Invalid value: "x": ${wrong}`));
});

for (const [what, next, current, errors] of [
  ['cordon it', { unschedulable: true }, {}, []],
  ['name its provider', { providerID: 'x' }, {}, []],
  [
    'rename its provider',
    { providerID: 'y' },
    { providerID: 'x' },
    ['spec.providerID: Invalid value: null: field cannot be modified once set'],
  ],
  [
    'move its range',
    { podCIDRs: ['b'] },
    { podCIDRs: ['a'] },
    ['spec.podCIDRs: Forbidden: node updates may not change podCIDR except from "" to valid'],
  ],
] as const) {
  test(`an update of a node may ${errors.length === 0 ? '' : 'not '}${what}`, () => {
    assert.deepEqual(
      texts(validateNodeUpdate(node('a', { spec: { ...next } as Node['spec'] }), node('a', { spec: { ...current } as Node['spec'] }))),
      errors,
    );
  });
}

const ready = (status: string): Node['status'] => ({ conditions: [{ type: 'Ready', status }] });

for (const [status, more, text] of [
  ['True', {}, 'Ready'],
  ['False', {}, 'NotReady'],
  ['Unknown', {}, 'NotReady'],
  ['True', { unschedulable: true }, 'Ready,SchedulingDisabled'],
] as const) {
  test(`a node that is ready ${status} shows as ${text}`, () => {
    assert.equal(columns[1]?.value(node('a', { status: ready(status), spec: more }), 0), text);
  });
}

test('a node shows its roles, version and addresses', () => {
  const object: Node = {
    metadata: {
      name: 'n',
      labels: { 'node-role.kubernetes.io/worker': '', 'node-role.kubernetes.io/control-plane': '' },
      creationTimestamp: '2026-01-01T00:00:00Z',
    },
    spec: {},
    status: { addresses: [{ type: 'InternalIP', address: '192.168.0.2' }] },
  };
  assert.deepEqual(
    columns.map(({ value }) => value(object, Date.parse('2026-01-03T00:00:00Z'))),
    ['n', 'Unknown', 'control-plane,worker', '2d', '', '192.168.0.2', '<none>', '<unknown>', '<unknown>', '<unknown>'],
  );
});
