import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FieldError } from '../../../kube/field-error.ts';
import type { EndpointSlice } from '../../../kube/generated/types.ts';
import { dnsSubdomainErrors, qualifiedNameErrors } from '../../../kube/names.ts';
import { endpointSliceDefinition } from './definition.ts';
import { warnings } from './rules.ts';
import { validateEndpointSlice } from './validation.ts';

const texts = (errors: readonly FieldError[] | undefined): string[] => (errors ?? []).map(({ field, message }) => `${field}: ${message}`);
const slice = (more: Partial<EndpointSlice> = {}): EndpointSlice => {
  const object: EndpointSlice = {
    metadata: { name: 'a' },
    addressType: 'IPv4',
    endpoints: [{ addresses: ['10.0.0.1'] }],
    ports: [{ port: 80 }],
    ...more,
  };
  endpointSliceDefinition.setDefaults?.(object);
  return object;
};

test('a port of a slice speaks TCP and has an empty name', () => {
  assert.deepEqual(slice().ports, [{ port: 80, name: '', protocol: 'TCP' }]);
});

const fqdn = (address: string): EndpointSlice => slice({ addressType: 'FQDN', endpoints: [{ addresses: [address] }] });
const endpoint = (more: object): EndpointSlice => slice({ endpoints: [{ addresses: ['10.0.0.1'], ...more }] });

for (const [what, object, errors] of [
  ['nothing wrong', slice(), []],
  ['no type', slice({ addressType: '' }), ['addressType: Required value']],
  ['no addresses', slice({ endpoints: [{ addresses: [] }] }), ['endpoints[0].addresses: Required value']],
  [
    'a wrong address',
    slice({ endpoints: [{ addresses: ['::1'] }] }),
    [
      'endpoints[0].addresses: Invalid value: "::1": must be an IPv4 address',
      'endpoints[0].addresses[0]: Invalid value: "::1": may not be in the loopback range (127.0.0.0/8, ::1/128)',
    ],
  ],
  ['two ports of a name', slice({ ports: [{ port: 1 }, { port: 2 }] }), ['ports[1].name: Duplicate value: ""']],
  [
    'a domain of one part',
    fqdn('local'),
    ['endpoints[0].addresses[0]: Invalid value: "local": should be a domain with at least two segments separated by dots'],
  ],
  [
    'a zone twice',
    endpoint({ hints: { forZones: [{ name: 'a' }, { name: 'a' }] } }),
    ['endpoints[0].hints.forZones[1].name: Duplicate value: "a"'],
  ],
  [
    'a node of no name',
    endpoint({ nodeName: 'A' }),
    dnsSubdomainErrors('A').map((why) => `endpoints[0].nodeName: Invalid value: "A": ${why}`),
  ],
  [
    'a protocol of no name',
    slice({ ports: [{ port: 80, appProtocol: '::1' }] }),
    qualifiedNameErrors('::1').map((why) => `ports[0].appProtocol: Invalid value: "::1": ${why}`),
  ],
] as const) {
  test(`a slice with ${what} gets ${errors.length} errors`, () => assert.deepEqual(texts(validateEndpointSlice(object)), errors));
}

for (const [what, type, errors] of [
  ['another', 'IPv6', ['addressType: Invalid value: null: field is immutable']],
  ['none', '', ['addressType: Required value', 'addressType: Invalid value: null: field is immutable']],
  [
    'an unknown',
    '5%',
    [
      'addressType: Unsupported value: "5%": supported values: "FQDN", "IPv4", "IPv6"',
      'addressType: Invalid value: null: field is immutable',
    ],
  ],
] as const) {
  test(`a slice does not take ${what} type of addresses`, () => {
    assert.deepEqual(texts(validateEndpointSlice({ ...slice(), addressType: type }, slice())), errors);
  });
}

test('endpoints that were wrong before may stay', () => {
  assert.deepEqual(validateEndpointSlice(fqdn('local'), fqdn('local')), []);
});

test('a slice of names is warned about once, and an odd address always', () => {
  const mapped = slice({ endpoints: [{ addresses: ['010.0.0.1'] }] });
  const odd = 'endpoints[0].addresses[0]: non-standard IP address "010.0.0.1" is invalid: use "10.0.0.1"';
  assert.deepEqual(warnings(fqdn('a.b')), ['spec.addressType: FQDN endpoints are deprecated']);
  assert.deepEqual([warnings(fqdn('a.b'), fqdn('a.b')), warnings(mapped), warnings(mapped, mapped)], [[], [odd], [odd]]);
});

test('a slice shows its ports and the first three addresses', () => {
  const object = slice({ endpoints: [{ addresses: ['1', '2'] }, { addresses: ['3'] }, { addresses: ['4'] }] });
  const row = (shown: EndpointSlice): unknown[] => endpointSliceDefinition.columns.map(({ value }) => value(shown, 0));
  assert.deepEqual(row(object), ['a', 'IPv4', '80', '1,2,3 + 1 more...', '<unknown>']);
  assert.deepEqual(row(slice({ endpoints: undefined, ports: undefined })), ['a', 'IPv4', '<unset>', '<unset>', '<unknown>']);
});
