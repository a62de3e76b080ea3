import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FieldError } from '../../../kube/field-error.ts';
import type { Service, ServiceSpec } from '../../../kube/generated/types.ts';
import { defaultNetworks } from '../../../kube/cluster-networks.ts';
import { StatusError } from '../../../kube/status-error.ts';
import { services } from '../../../kube/resource-type.ts';
import type { View } from '../../../kube/view.ts';
import { changeOf, viewOf } from '../../../../test/support/view.ts';
import { serviceAllocation } from './allocation.ts';
import { setServiceDefaults } from './defaults.ts';
import { prepareForCreate, prepareForUpdate } from './strategy.ts';
import { columns } from './table.ts';
import { validateService } from './validation.ts';

const texts = (errors: readonly FieldError[]): string[] => errors.map(({ field, message }) => `${field}: ${message}`);

function service(spec: Partial<ServiceSpec> = {}, name = 'web'): Service {
  const object: Service = {
    metadata: { name, namespace: 'default', creationTimestamp: '2026-01-01T00:00:00Z' },
    spec: { ports: [{ port: 80 }], ...spec },
  };
  setServiceDefaults(object);
  if (object.spec.clusterIP) object.spec.clusterIPs ??= [object.spec.clusterIP];
  return object;
}

const view = (...others: Service[]): View => viewOf(...others.map((one) => [services, one] as const));

const context = { nowMs: 0, userName: 'test', random: () => 0 };
const rule = serviceAllocation(defaultNetworks);
const allocate = (next: Service, others: Service[] = [], current?: Service): string[] =>
  texts(rule.apply(changeOf(services, next, current), view(...others), context).errors ?? []);

test('a service gets everything that its author left out', () => {
  const object = service();
  prepareForCreate(object);
  assert.deepEqual(object.spec, {
    type: 'ClusterIP',
    ports: [{ port: 80, protocol: 'TCP', targetPort: 80 }],
    sessionAffinity: 'None',
    internalTrafficPolicy: 'Cluster',
    ipFamilies: ['IPv4'],
    ipFamilyPolicy: 'SingleStack',
  });
  assert.deepEqual(object.status, { loadBalancer: {} });
});

test('a service with ports on nodes has an external traffic policy', () => {
  assert.equal(service({ type: 'NodePort' }).spec.externalTrafficPolicy, 'Cluster');
});

test('affinity lasts three hours unless a timeout is given', () => {
  assert.deepEqual(service({ sessionAffinity: 'ClientIP' }).spec.sessionAffinityConfig, { clientIP: { timeoutSeconds: 10800 } });
});

test('a name outside the cluster has no address and no family', () => {
  const object = service({ type: 'ExternalName', externalName: 'example.com', ports: undefined });
  prepareForCreate(object);
  assert.deepEqual(object.spec, { type: 'ExternalName', externalName: 'example.com', sessionAffinity: 'None', ports: undefined });
  const before = structuredClone(object);
  assert.deepEqual(allocate(object), []);
  assert.deepEqual(object, before);
});

const bad: [string, Partial<ServiceSpec>, string[]][] = [
  ['nothing wrong', {}, []],
  ['no ports', { ports: [] }, ['spec.ports: Required value']],
  ['no ports and no address', { ports: [], clusterIP: 'None' }, []],
  [
    'two ports without names',
    { ports: [{ port: 1 }, { port: 2 }] },
    ['spec.ports[0].name: Required value', 'spec.ports[1].name: Required value'],
  ],
  [
    'two ports of a name',
    {
      ports: [
        { name: 'a', port: 1 },
        { name: 'a', port: 2 },
      ],
    },
    ['spec.ports[1].name: Duplicate value: "a"'],
  ],
  [
    'one port twice',
    {
      ports: [
        { name: 'a', port: 1 },
        { name: 'b', port: 1 },
      ],
    },
    ['spec.ports[1]: Duplicate value: {"Name":"","Protocol":"TCP","AppProtocol":null,"Port":1,"TargetPort":0,"NodePort":0}'],
  ],
  ['port 0', { ports: [{ port: 0, targetPort: 80 }] }, ['spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive']],
  [
    'a wrong protocol',
    { ports: [{ port: 1, protocol: 'ICMP' }] },
    ['spec.ports[0].protocol: Unsupported value: "ICMP": supported values: "SCTP", "TCP", "UDP"'],
  ],
  [
    'a wrong type',
    { type: 'Magic' },
    ['spec.type: Unsupported value: "Magic": supported values: "ClusterIP", "ExternalName", "LoadBalancer", "NodePort"'],
  ],
  [
    'a node port without nodes',
    { ports: [{ port: 1, nodePort: 30000 }] },
    ["spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'"],
  ],
  ['no external name', { type: 'ExternalName' }, ['spec.externalName: Required value']],
  [
    'an address that is none',
    { clusterIP: 'x' },
    ['spec.clusterIPs[0]: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'],
  ],
  [
    'ports of nodes and no address',
    { type: 'NodePort', clusterIP: 'None' },
    ['spec.clusterIPs[0]: Invalid value: "None": may not be set to \'None\' for NodePort services'],
  ],
];

for (const [what, spec, errors] of bad) {
  test(`a service with ${what} gets ${errors.length} errors`, () => assert.deepEqual(texts(validateService(service(spec))), errors));
}

test('a new service gets a free address outside the part that is kept for clients that name one', () => {
  const object = service();
  assert.deepEqual(allocate(object, [service({ clusterIP: '10.96.1.1' }, 'other')]), []);
  assert.deepEqual([object.spec.clusterIP, object.spec.clusterIPs], ['10.96.1.2', ['10.96.1.2']]);
});

test('a service without an address gets none', () => {
  const object = service({ clusterIP: 'None' });
  assert.deepEqual(allocate(object), []);
  assert.deepEqual(object.spec.clusterIPs, ['None']);
});

test('a cluster IP that another Service has is refused', () => {
  const errors = allocate(service({ clusterIP: '10.96.0.9' }), [service({ clusterIP: '10.96.0.9' }, 'other')]);
  assert.deepEqual(errors, [
    'spec.clusterIPs: Invalid value: ["10.96.0.9"]: failed to allocate IP 10.96.0.9: provided IP is already allocated',
  ]);
});

test('an address outside the range is refused', () => {
  assert.deepEqual(allocate(service({ clusterIP: '10.0.0.1' })), [
    'spec.clusterIPs: Invalid value: ["10.0.0.1"]: failed to allocate IP 10.0.0.1: the provided IP (10.0.0.1) is not in the valid range. The range of valid IPs is 10.96.0.0/12',
  ]);
});

test('a service may keep the address it has', () => {
  const object = service({ clusterIP: '10.96.0.9' });
  assert.deepEqual(allocate(structuredClone(object), [object], service()), []);
});

test('when every address is taken the server reports it', () => {
  const small = serviceAllocation({ ...defaultNetworks, serviceCidr: '10.0.0.0/30' });
  const others = [service({ clusterIP: '10.0.0.1' }, 'a'), service({ clusterIP: '10.0.0.2' }, 'b')];
  assert.throws(
    () => small.apply(changeOf(services, service()), view(...others), context),
    (error) => error instanceof StatusError && error.message === 'Internal error occurred: failed to allocate a serviceIP: range is full',
  );
});

test("no Service gets the name server's address", () => {
  const small = serviceAllocation({ ...defaultNetworks, serviceCidr: '10.0.0.0/30', dnsIp: '10.0.0.1' });
  const object = service();
  small.apply(changeOf(services, object), view(), context);
  assert.equal(object.spec.clusterIP, '10.0.0.2');
  const asked = service({ clusterIP: '10.0.0.1' });
  const errors = texts(small.apply(changeOf(services, asked), view(), context).errors ?? []);
  assert.match(errors[0] ?? '', /provided IP is already allocated/);
});

test('every service of a small range gets an address of its own', () => {
  const small = serviceAllocation({ ...defaultNetworks, serviceCidr: '10.0.0.0/29' });
  const given: Service[] = [];
  for (let index = 0; index < 6; index += 1) {
    const object = service({}, `s${index}`);
    small.apply(changeOf(services, object), view(...given), { ...context, random: () => index / 7 });
    given.push(object);
  }
  assert.deepEqual(given.map(({ spec }) => spec.clusterIP ?? '').toSorted(), [
    '10.0.0.1',
    '10.0.0.2',
    '10.0.0.3',
    '10.0.0.4',
    '10.0.0.5',
    '10.0.0.6',
  ]);
});

test('ports of nodes are given out, TCP and UDP of one port together', () => {
  const ports = [
    { name: 'a', port: 53 },
    { name: 'b', port: 53, protocol: 'UDP' },
    { name: 'c', port: 80 },
  ];
  const object = service({ type: 'NodePort', ports });
  assert.deepEqual(allocate(object, [service({ type: 'NodePort', ports: [{ port: 1, nodePort: 30000 }] }, 'other')]), []);
  assert.deepEqual(
    object.spec.ports?.map(({ nodePort }) => nodePort),
    [30001, 30001, 30002],
  );
});

for (const [port, why] of [
  [30000, 'provided port is already allocated'],
  [80, 'provided port is not in the valid range. The range of valid ports is 30000-32767'],
] as const) {
  test(`the node port ${port} is refused`, () => {
    const other = service({ type: 'NodePort', ports: [{ port: 1, nodePort: 30000 }] }, 'other');
    const errors = allocate(service({ type: 'NodePort', ports: [{ port: 1, nodePort: port }] }), [other]);
    assert.deepEqual(errors, [`spec.ports[0].nodePort: Invalid value: ${port}: ${why}`]);
  });
}

const given = { clusterIP: '10.96.0.9', clusterIPs: ['10.96.0.9'] };

test('an update that leaves out what was given keeps it', () => {
  const current = service({ type: 'NodePort', ...given, ports: [{ port: 80, nodePort: 30080 }] });
  const next = service({ type: 'NodePort' });
  prepareForUpdate(next, current);
  assert.equal(next.spec.clusterIP, '10.96.0.9');
  assert.equal(next.spec.ports?.[0]?.nodePort, 30080);
  assert.deepEqual(validateService(next, current), []);
});

test('an address cannot change', () => {
  const errors = validateService(service({ clusterIP: '10.96.0.8' }), service(given));
  assert.deepEqual(texts(errors), ['spec.clusterIPs[0]: Invalid value: ["10.96.0.8"]: may not change once set']);
});

test('becoming a name gives the address back', () => {
  const next = service({ ...given, type: 'ExternalName', externalName: 'example.com' });
  prepareForUpdate(next, service(given));
  assert.equal(next.spec.clusterIP, undefined);
  assert.deepEqual(validateService(next), []);
});

test('leaving the nodes gives the ports back', () => {
  const current = service({ type: 'NodePort', ...given, ports: [{ port: 80, nodePort: 30080 }] });
  const next = structuredClone(current);
  next.spec.type = 'ClusterIP';
  prepareForUpdate(next, current);
  assert.deepEqual(next.spec.ports, [{ port: 80, protocol: 'TCP', targetPort: 80 }]);
  assert.equal(next.spec.externalTrafficPolicy, undefined);
  assert.deepEqual(validateService(next), []);
});

const row = (object: Service): unknown[] => columns.map(({ value }) => value(object, Date.parse('2026-01-01T00:01:00Z')));

for (const [what, object, cells] of [
  ['plain', service({ ...given, selector: { b: '2', a: '1' } }), ['web', 'ClusterIP', '10.96.0.9', '<none>', '80/TCP', '60s', 'a=1,b=2']],
  ['headless', service({ clusterIP: 'None' }), ['web', 'ClusterIP', 'None', '<none>', '80/TCP', '60s', '<none>']],
  [
    'node port',
    service({ ...given, type: 'NodePort', ports: [{ port: 80, nodePort: 30080 }] }),
    ['web', 'NodePort', '10.96.0.9', '<none>', '80:30080/TCP', '60s', '<none>'],
  ],
  ['waiting', service({ ...given, type: 'LoadBalancer' }), ['web', 'LoadBalancer', '10.96.0.9', '<pending>', '80/TCP', '60s', '<none>']],
  [
    'external',
    service({ type: 'ExternalName', externalName: 'example.com', ports: [] }),
    ['web', 'ExternalName', '<none>', 'example.com', '<none>', '60s', '<none>'],
  ],
] as const) {
  test(`a ${what} service shows as upstream shows it`, () => assert.deepEqual(row(object), cells));
}
