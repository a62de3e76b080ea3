import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FieldError } from '../../kube/field-error.ts';
import { validate as validateClass } from './deviceclass/rules.ts';
import { validate as validateTaintRule } from './devicetaintrule/rules.ts';
import { validateClaim, validateClaimUpdate } from './resourceclaim/validation.ts';
import { validate as validateTemplate, validateUpdate as validateTemplateUpdate } from './resourceclaimtemplate/rules.ts';
import { warnings as sliceWarnings } from './resourceslice/rules.ts';
import { validateSlice } from './slice-validation.ts';

const texts = (errors: readonly FieldError[]): string[] => errors.map(({ field, message }) => `${field}: ${message}`);
const claim = (devices: object): never => ({ metadata: { name: 'c' }, spec: { devices } }) as never;
const request = (exactly: object): object => ({ requests: [{ name: 'gpu', exactly: { deviceClassName: 'gpu.example.com', ...exactly } }] });
const slice = (device: object, spec: object = {}): never =>
  ({
    spec: {
      driver: 'd.example.com',
      pool: { name: 'p', generation: 1, resourceSliceCount: 1 },
      nodeName: 'n',
      devices: [{ name: 'dev', ...device }],
      ...spec,
    },
  }) as never;

const semver = 'must be a string compatible with semver.org spec 2.0.0';
const sorts = '`int`, `bool`, `string`, `version`, `ints`, `bools`, `strings`, `versions`';
const claimPath = 'spec.devices.requests[0]';

for (const [what, errors, expected] of [
  ['a claim', validateClaim(claim(request({ allocationMode: 'ExactCount', count: 1 }))), []],
  [
    'a claim of a negative number',
    validateClaim(claim(request({ allocationMode: 'ExactCount', count: -1 }))),
    [`${claimPath}.exactly.count: Invalid value: -1: must be greater than zero`],
  ],
  [
    'a claim of nothing',
    validateClaim(claim({ requests: [{ name: 'gpu' }] })),
    [`${claimPath}: Required value: exactly one of \`exactly\` or \`firstAvailable\` is required`],
  ],
  ['a configuration without a driver', validateClaim(claim({ config: [{}] })), ['spec.devices.config[0].opaque: Required value']],
  [
    'a claim with another spec',
    validateClaimUpdate(claim(request({ count: 2 })), claim(request({ count: 1 }))),
    ['spec: Invalid value: null: field is immutable'],
  ],
  [
    'a template with a name for its claims',
    validateTemplate({ metadata: {}, spec: { metadata: { name: 'x' }, spec: {} } } as never),
    ['spec.metadata.name: Forbidden: cannot be set'],
  ],
  [
    'a template without its spec',
    validateTemplateUpdate({ metadata: {}, spec: {} } as never, { metadata: {}, spec: { metadata: { labels: { a: 'b' } } } } as never),
    ['spec: Invalid value: {"Spec":{"Devices":{"Requests":null,"Constraints":null,"Config":null}}}: field is immutable'],
  ],
  ['a class', validateClass({ metadata: {}, spec: { selectors: [{ cel: { expression: 'true' } }] } }), []],
  ['a selector of no sort', validateClass({ metadata: {}, spec: { selectors: [{}] } }), ['spec.selectors[0].cel: Required value']],
  ['a slice', validateSlice(slice({ attributes: { model: { string: 'x' } } })), []],
  [
    'an attribute with a bad version',
    validateSlice(slice({ attributes: { model: { version: '10.0.0.1' } } })),
    [`spec.devices[0].attributes[model].version: Invalid value: "10.0.0.1": ${semver}`],
  ],
  [
    'an attribute without a value',
    validateSlice(slice({ attributes: { model: {} } })),
    [`spec.devices[0].attributes[model]: Invalid value: "": must specify one of: ${sorts}`],
  ],
  [
    'a slice that waits for nothing and fails of it',
    validateSlice(slice({ bindingFailureConditions: ['a', 'a'] })),
    [
      'spec.devices[0].bindingFailureConditions[1]: Duplicate value: "a"',
      'spec.devices[0].bindingConditions: Invalid value: null: bindingConditions are required to use bindingFailureConditions',
    ],
  ],
  [
    'a slice whose conditions overlap',
    validateSlice(slice({ bindingConditions: ['a'], bindingFailureConditions: ['a'] })),
    ['spec.devices[0].bindingFailureConditions[0]: Invalid value: "a": bindingFailureConditions must not overlap with bindingConditions'],
  ],
  [
    'a slice in two places',
    validateSlice(slice({}, { allNodes: true })),
    [
      'spec: Invalid value: "{`nodeName`, `allNodes`}": exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required, but multiple fields are set',
    ],
  ],
  [
    'a taint without an effect',
    validateTaintRule({ metadata: {}, spec: { taint: { key: 'a', effect: '' } } }),
    ['spec.taint.effect: Required value'],
  ],
] as const) {
  test(`${what} has ${expected.length} errors`, () => assert.deepEqual(texts(errors), expected));
}

test('a slice warns of a driver in upper case', () => {
  assert.deepEqual(sliceWarnings(slice({})), []);
  assert.deepEqual(sliceWarnings(slice({}, { driver: 'Foo.COM' })), [
    'spec.driver: driver names should be lowercase; "Foo.COM" contains uppercase characters',
  ]);
});
