import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FieldError } from '../../kube/field-error.ts';
import { ingressDefinition } from './ingress/definition.ts';
import { ingressClassDefinition } from './ingressclass/definition.ts';
import { ipAddressDefinition } from './ipaddress/definition.ts';
import { networkPolicyDefinition } from './networkpolicy/definition.ts';
import { serviceCIDRDefinition } from './servicecidr/definition.ts';

await Promise.all(
  [ingressDefinition, ingressClassDefinition, ipAddressDefinition, networkPolicyDefinition, serviceCIDRDefinition].map(async ({ load }) =>
    load?.(),
  ),
);

const texts = (errors: readonly FieldError[] = []): string[] => errors.map(({ field, message }) => `${field}: ${message}`);
const policy = (spec: object) => ({ metadata: { name: 'a', namespace: 'default' }, spec });
const peer = (ipBlock: object) => policy({ ingress: [{ from: [{ ipBlock }] }] });

for (const [what, object, errors] of [
  ['nothing but a selector', policy({ podSelector: {} }), []],
  ['an empty peer', policy({ egress: [{ to: [{}] }] }), ['spec.egress[0].to[0]: Required value: must specify a peer']],
  [
    'a range that is none',
    peer({ cidr: '10.0.0' }),
    ['spec.ingress[0].from[0].ipBlock.cidr: Invalid value: "10.0.0": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)'],
  ],
  [
    'an exception outside of its range',
    peer({ cidr: '10.0.0.0/8', except: ['11.0.0.0/16'] }),
    ['spec.ingress[0].from[0].ipBlock.except[0]: Invalid value: "11.0.0.0/16": must be a strict subset of `cidr`'],
  ],
  [
    'an end before its start',
    policy({ ingress: [{ ports: [{ port: 80, endPort: 79 }] }] }),
    ['spec.ingress[0].ports[0].endPort: Invalid value: 79: must be greater than or equal to `port`'],
  ],
] as const) {
  test(`a network policy with ${what} gets ${errors.length} errors`, () =>
    assert.deepEqual(texts(networkPolicyDefinition.validate?.(object)), errors));
}

test('a range that a policy had before may stay as it is', () => {
  const stored = peer({ cidr: '10.0.0.1/8' });
  assert.deepEqual(texts(networkPolicyDefinition.validate?.(stored, stored)), []);
  assert.equal(texts(networkPolicyDefinition.validate?.(stored)).length, 1);
});

test('a network policy is about egress only where it has such rules', () => {
  const object = policy({ egress: [{ ports: [{ port: 53 }] }] });
  networkPolicyDefinition.setDefaults?.(object);
  assert.deepEqual(object.spec, { egress: [{ ports: [{ port: 53, protocol: 'TCP' }] }], policyTypes: ['Ingress', 'Egress'] });
});

const ingress = (spec: object) => ({ metadata: { name: 'a', namespace: 'default' }, spec });
const backend = { service: { name: 'web', port: { number: 80 } } };

for (const [what, object, errors] of [
  ['a backend', ingress({ defaultBackend: backend }), []],
  ['nothing', ingress({}), ['spec: Invalid value: null: either `defaultBackend` or `rules` must be specified']],
  [
    'a relative path',
    ingress({ rules: [{ host: 'a.example', http: { paths: [{ path: 'x', pathType: 'Prefix', backend }] } }] }),
    ['spec.rules[0].http.paths[0].path: Invalid value: "x": must be an absolute path'],
  ],
  [
    'an address for a host',
    ingress({ rules: [{ host: '10.0.0.1' }] }),
    ['spec.rules[0].host: Invalid value: "10.0.0.1": must be a DNS name, not an IP address'],
  ],
] as const) {
  test(`an ingress with ${what} gets ${errors.length} errors`, () => assert.deepEqual(texts(ingressDefinition.validate?.(object)), errors));
}

test('an ingress shows three hosts and both ports', () => {
  const rules = ['a', 'b', 'c', 'd'].map((host) => ({ host }));
  const row = ingressDefinition.columns.map(({ value }) => value(ingress({ rules, tls: [{}] }), 0));
  assert.deepEqual(row, ['a', '<none>', 'a,b,c + 1 more...', '', '80, 443', '<unknown>']);
});

test('the controller of an ingress class cannot change', () => {
  const named = (controller: string) => ({ metadata: { name: 'a' }, spec: { controller } });
  assert.deepEqual(texts(ingressClassDefinition.validate?.(named('example.com/b'), named('example.com/a'))), [
    'spec.controller: Invalid value: "example.com/b": field is immutable',
  ]);
});

test('the name of an address is the address in its canonical form', () => {
  assert.deepEqual(ipAddressDefinition.validateName?.('10.0.0.1'), []);
  assert.deepEqual(ipAddressDefinition.validateName?.('2001:DB8::1'), ['must be in canonical form ("2001:db8::1")']);
  assert.deepEqual(ipAddressDefinition.validateName?.('010.0.0.1'), ['must not have leading 0s']);
});

test('a second range of a ServiceCIDR may come later, of the other family', () => {
  const ranges = (...cidrs: string[]) => ({ metadata: { name: 'a' }, spec: { cidrs } });
  const stored = ranges('10.0.0.0/16');
  assert.deepEqual(texts(serviceCIDRDefinition.validateUpdate?.(ranges('10.0.0.0/16', 'fd00::/112'), stored)), []);
  assert.equal(texts(serviceCIDRDefinition.validateUpdate?.(ranges('10.0.0.0/16', '10.1.0.0/16'), stored)).length, 1);
});
