import assert from 'node:assert/strict';
import { test } from 'node:test';
import { admin, testApi } from '../../../test/support/api-server.ts';
import { runEpoch, takeEpoch } from '../../store/epoch.ts';
import type { Epoch } from '../../store/epoch.ts';

test('a worker whose epoch is over may read, but what it writes is refused', async () => {
  let epochOfRun = (): Promise<Epoch> => assert.fail('no run has begun');
  const api = await testApi({}, { user: admin, epoch: () => epochOfRun() });
  epochOfRun = runEpoch(api.store, 'controllers', 'one')();
  const path = '/api/v1/namespaces/default/configmaps';
  const create = (name: string) => api.send('POST', path, { metadata: { name } });

  assert.equal((await create('a')).status, 201);
  await takeEpoch(api.store, 'controllers', 'two');
  const { status, body } = await create('b');
  assert.deepEqual([status, body['reason'], body['message']], [409, 'EpochOver', 'another worker has taken over as controllers']);
  assert.equal((await api.send('GET', `${path}/a`)).status, 200);
});
