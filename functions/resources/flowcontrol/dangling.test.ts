import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type TestApi, testApi } from '../../../test/support/api-server.ts';
import type { FlowSchema } from '../../kube/generated/types.ts';

const group = '/apis/flowcontrol.apiserver.k8s.io/v1';
const level = { metadata: { name: 'own' }, spec: { type: 'Limited', limited: { limitResponse: { type: 'Reject' } } } };
const schema = { metadata: { name: 's' }, spec: { priorityLevelConfiguration: { name: 'own' } } };

async function danglingOf(api: TestApi): Promise<string | undefined> {
  const { body } = await api.send('GET', `${group}/flowschemas/s`);
  return (body as object as FlowSchema).status?.conditions?.map(({ type, status, reason }) => `${type} ${status} ${reason}`).join();
}

test('the condition Dangling of a FlowSchema follows its PriorityLevelConfiguration', async () => {
  const api = await testApi();
  await api.send('POST', `${group}/flowschemas`, schema);
  assert.equal(await danglingOf(api), 'Dangling True NotFound');
  await api.send('POST', `${group}/prioritylevelconfigurations`, level);
  assert.equal(await danglingOf(api), 'Dangling False Found');
  await api.send('DELETE', `${group}/prioritylevelconfigurations/own`);
  assert.equal(await danglingOf(api), 'Dangling True NotFound');
});

test('the condition Dangling of a FlowSchema has the API server’s own field manager', async () => {
  const api = await testApi();
  const { body } = await api.send('POST', `${group}/flowschemas`, schema);
  const managers = (body as object as FlowSchema).metadata.managedFields?.map(({ manager, subresource }) => [manager, subresource]);
  assert.deepEqual(managers, [
    ['api-priority-and-fairness-config-consumer-v1', 'status'],
    ['unknown', undefined],
  ]);
});

test('a dry run of a FlowSchema sets no condition Dangling', async () => {
  const api = await testApi();
  const { body } = await api.send('POST', `${group}/flowschemas?dryRun=All`, schema);
  assert.equal((body as object as FlowSchema).status?.conditions, undefined);
});
