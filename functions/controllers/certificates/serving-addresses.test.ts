import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { AlternativeName } from '../../kube/certificate-request.ts';
import type { KubeObject, ObjectName } from '../../kube/object.ts';
import type { ResourceType } from '../../kube/resource-type.ts';
import type { Cache } from '../../workers/controller.ts';
import { isForOwnAddresses } from './serving-addresses.ts';

const node = (name: string, ...addresses: string[]): KubeObject & object => ({
  metadata: { name },
  status: { addresses: addresses.map((address) => ({ type: 'InternalIP', address })) },
});

const objects: Readonly<Record<string, readonly KubeObject[]>> = {
  nodes: [node('a', '10.0.0.7', 'fd00::7', '10.0.0.8', '10.0.0.1', '10.96.0.1'), node('b', '10.0.0.8')],
  services: [{ metadata: { name: 'kubernetes', namespace: 'default' }, spec: { clusterIPs: ['10.96.0.1'] } } as KubeObject],
  endpointslices: [
    {
      metadata: { name: 'kubernetes', labels: { 'kubernetes.io/service-name': 'kubernetes' } },
      endpoints: [{ addresses: ['10.0.0.1'] }],
    } as KubeObject,
  ],
};

const cache = {
  get: ({ resource }: ResourceType, { name }: ObjectName) => objects[resource]?.find(({ metadata }) => metadata.name === name),
  list: ({ resource }: ResourceType) => objects[resource] ?? [],
} as unknown as Cache;

const none: Readonly<Record<AlternativeName, readonly string[]>> = { dns: [], email: [], ip: [], uri: [] };
const parsed = (names: Partial<typeof none>) => ({
  organizations: ['system:nodes'],
  commonName: 'system:node:a',
  alternativeNames: { ...none, ...names },
  isSigned: true,
});
const request = (username: string) => ({
  metadata: { name: 'r' },
  spec: { signerName: 'kubernetes.io/kubelet-serving', request: '', usages: ['digital signature', 'server auth'], username },
});

describe('a node may have a certificate', () => {
  const own = '0a000007';
  const cases: readonly [what: string, names: Partial<typeof none>, user: string, may: boolean][] = [
    ['for its own address', { ip: [own] }, 'system:node:a', true],
    ['for its address of the other family', { ip: [own, 'fd000000000000000000000000000007'] }, 'system:node:a', true],
    ['for nothing, never', {}, 'system:node:a', false],
    ['for a name, never', { ip: [own], dns: ['a'] }, 'system:node:a', false],
    ['for an address that another node has as well, never', { ip: [own, '0a000008'] }, 'system:node:a', false],
    ['for the address of the API, never', { ip: ['0a000001'] }, 'system:node:a', false],
    ['for the address of the Service of the API, never', { ip: ['0a600001'] }, 'system:node:a', false],
    ['for an address that no node has, never', { ip: ['0a000009'] }, 'system:node:a', false],
    ['that another node asks for, never', { ip: [own] }, 'system:node:b', false],
  ];
  for (const [what, names, user, may] of cases) {
    test(`a node may have a certificate ${what}`, () => assert.equal(isForOwnAddresses(request(user), parsed(names), { cache }), may));
  }
});
