import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pod } from '../../../kube/generated/types.ts';
import { dnsLabelErrors } from '../../../kube/names.ts';
import { validatePodStatusUpdate } from './status-validation.ts';

const spec = { containers: [{ name: 'c', image: 'i', resources: { requests: { 'example.com/gpu': '1' } } }] };
const withClaim = (extendedResourceClaimStatus: object): Pod => ({ metadata: {}, spec, status: { extendedResourceClaimStatus } }) as never;
const mapping = { containerName: 'c', resourceName: 'example.com/gpu', requestName: 'r-0' };
const path = 'status.extendedResourceClaimStatus';
const first = `${path}.requestMappings[0]`;

for (const [what, claim, expected] of [
  ['a right claim', { resourceClaimName: 'a', requestMappings: [mapping] }, []],
  [
    'nothing',
    { resourceClaimName: '', requestMappings: [] },
    [`${path}.requestMappings: Required value: at least one request mapping is required`, `${path}.resourceClaimName: Required value`],
  ],
  [
    'a container that is not there',
    { resourceClaimName: 'a', requestMappings: [{ ...mapping, containerName: 'x' }] },
    [`${first}.containerName: Invalid value: "x": must match the name of an entry in spec.initContainers.name or spec.containers.name`],
  ],
  [
    'a resource that the container does not ask for, and a wrong name of a request',
    { resourceClaimName: 'a', requestMappings: [{ ...mapping, resourceName: 'x', requestName: 'R' }] },
    [
      `${first}.resourceName: Invalid value: "x": must match the extended resource name of an entry in spec.initContainers.resources.requests or spec.containers.resources.requests`,
      `${path}.requestName: Invalid value: "R": ${dnsLabelErrors('R')[0]}`,
    ],
  ],
  [
    'a mapping twice',
    { resourceClaimName: 'a', requestMappings: [mapping, mapping] },
    [
      `${path}.requestMappings[1].containerName: Duplicate value: "c"`,
      `${path}.requestMappings[1].resourceName: Duplicate value: "example.com/gpu"`,
      `${path}.requestMappings[1].requestName: Duplicate value: "r-0"`,
    ],
  ],
] as const) {
  test(`a status with ${what} has ${expected.length} errors`, () => {
    const errors = validatePodStatusUpdate(withClaim(claim), { metadata: {}, spec } as never);
    assert.deepEqual(
      errors.map(({ field, message }) => `${field}: ${message}`),
      expected,
    );
  });
}
