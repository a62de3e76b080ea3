import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { testApi } from '../../../test/support/api-server.ts';

const spec = { devices: { requests: [{ name: 'gpu', exactly: { deviceClassName: 'gpu.example.com', adminAccess: true } }] } };
const answers = [
  ['true', 201],
  ['false', 422],
] as const;

describe('admin access to devices', () => {
  for (const [label, expected] of answers) {
    test(`a namespace whose label for admin access is ${label} answers ${expected} to claims and templates with it`, async () => {
      const api = await testApi();
      await api.send('POST', '/api/v1/namespaces', {
        metadata: { name: 'admins', labels: { 'resource.kubernetes.io/admin-access': label } },
      });
      const path = '/apis/resource.k8s.io/v1/namespaces/admins';
      const metadata = { name: 'own' };
      const statuses = [
        (await api.send('POST', `${path}/resourceclaims`, { metadata, spec })).status,
        (await api.send('POST', `${path}/resourceclaimtemplates`, { metadata, spec: { spec } })).status,
      ];
      assert.deepEqual(statuses, [expected, expected]);
    });
  }
});
