import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FieldError } from '../../../kube/field-error.ts';
import type { EndpointSlice } from '../../../kube/generated/types.ts';
import { endpointSliceDefinition } from './definition.ts';

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

for (const [what, object, errors] of [
  ['nothing wrong', slice(), []],
  ['no type', slice({ addressType: '' }), ['addressType: Required value']],
  ['no addresses', slice({ endpoints: [{ addresses: [] }] }), ['endpoints[0].addresses: Required value: must contain at least 1 address']],
  [
    'a wrong address',
    slice({ endpoints: [{ addresses: ['::1'] }] }),
    [
      'endpoints[0].addresses[0]: Invalid value: "::1": must be an IPv4 address',
      'endpoints[0].addresses[0]: Invalid value: "::1": may not be in the loopback range (127.0.0.0/8, ::1/128)',
    ],
  ],
  ['two ports of a name', slice({ ports: [{ port: 1 }, { port: 2 }] }), ['ports[1].name: Duplicate value: ""']],
] as const) {
  test(`a slice with ${what} gets ${errors.length} errors`, () =>
    assert.deepEqual(texts(endpointSliceDefinition.validate?.(object)), errors));
}

test('the kind of its addresses cannot change', () => {
  assert.deepEqual(texts(endpointSliceDefinition.validateUpdate?.(slice({ addressType: 'IPv6' }), slice())), [
    'addressType: Invalid value: null: field is immutable',
  ]);
});

test('a slice shows its ports and the first three addresses', () => {
  const object = slice({ endpoints: [{ addresses: ['1', '2'] }, { addresses: ['3'] }, { addresses: ['4'] }] });
  const row = (shown: EndpointSlice): unknown[] => endpointSliceDefinition.columns.map(({ value }) => value(shown, 0));
  assert.deepEqual(row(object), ['a', 'IPv4', '80', '1,2,3 + 1 more...', '<unknown>']);
  assert.deepEqual(row(slice({ endpoints: undefined, ports: undefined })), ['a', 'IPv4', '<unset>', '<unset>', '<unknown>']);
});
