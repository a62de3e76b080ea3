import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { testApi } from '../../../test/support/api-server.ts';
import { flowSchemas, mandatoryNames, priorityLevels } from '../bootstrap/flow-control.ts';

const group = '/apis/flowcontrol.apiserver.k8s.io/v1';

describe('the mandatory objects of flow control', () => {
  for (const [resource, objects] of Object.entries({ flowschemas: flowSchemas, prioritylevelconfigurations: priorityLevels })) {
    for (const object of objects.filter(({ metadata: { name = '' } }) => mandatoryNames.has(name))) {
      test(`${resource} take ${object.metadata.name} with the spec of every cluster`, async () => {
        const api = await testApi();
        assert.equal((await api.send('POST', `${group}/${resource}`, object)).status, 201);
      });
    }
  }

  test('the level exempt takes other shares', async () => {
    const api = await testApi();
    const level = { metadata: { name: 'exempt' }, spec: { type: 'Exempt', exempt: { nominalConcurrencyShares: 7, lendablePercent: 10 } } };
    assert.equal((await api.send('POST', `${group}/prioritylevelconfigurations`, level)).status, 201);
  });
});
