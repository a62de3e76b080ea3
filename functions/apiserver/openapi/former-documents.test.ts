import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SchemaNode } from '../../kube/schema.ts';
import type { ServedGroup } from '../discovery/api-resources.ts';
import { createOpenApi, type FormerDocuments } from './documents.ts';

const group = (number: number, node: SchemaNode): ServedGroup => ({
  group: `g${number}.example.com`,
  versions: [
    {
      version: 'v1',
      resources: [
        {
          type: { group: `g${number}.example.com`, version: 'v1', resource: 'boats', kind: 'Boat', namespaced: true },
          singular: 'boat',
          verbs: ['get', 'list'],
          shortNames: [],
          categories: [],
          subresources: [],
          schema: `com.example.g${number}.v1.Boat`,
          node: () => node,
          returnsDeletedObject: true,
          createsOnUpdate: false,
        },
      ],
    },
  ],
});

const index = async (groups: readonly ServedGroup[], former: FormerDocuments): Promise<void> => {
  const url = 'http://api/openapi/v3';
  await createOpenApi(groups, { gitVersion: 'test', nowMs: () => 0, former }).fetch(new Request(url), new URL(url));
};

test('a kind that changes makes no document of the others again', async () => {
  const former: FormerDocuments = new Map();
  const groups = Array.from({ length: 50 }, (_, number) => group(number, { type: 'object' }));
  await index(groups, former);
  const before = new Map(former);
  await index([...groups.slice(0, 49), group(49, { type: 'object', description: 'other' })], former);
  const remade = [...former].filter(([path, { document }]) => before.get(path)?.document !== document).map(([path]) => path);
  assert.deepEqual(remade, ['apis/g49.example.com/v1']);
});

test('a group that goes takes its document along', async () => {
  const former: FormerDocuments = new Map();
  await index([group(1, {}), group(2, {})], former);
  await index([group(1, {})], former);
  assert.deepEqual([...former.keys()].toSorted(), ['api', 'apis', 'apis/g1.example.com', 'apis/g1.example.com/v1']);
});
