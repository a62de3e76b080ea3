import assert from 'node:assert/strict';
import { test } from 'node:test';
import { virtualWorld } from '../test/support/virtual-world.ts';
import { createApi } from './api.ts';
import { newSigningKeyPem, signingKeyOf } from './apiserver/auth/keys.ts';
import { createLiveRegistry } from './apiserver/registry/live-registry.ts';
import { createTokens } from './apiserver/auth/tokens.ts';
import { gitVersion, kubernetesVersion } from './kube/kubernetes-version.ts';
import { createDefinitions } from './resources/all.ts';
import { createStore } from './store/create-store.ts';
import { memoryTable } from './store/memory/memory-table.ts';

test('clients read the version of Kubernetes whose API is served', async () => {
  const world = virtualWorld();
  const store = await createStore({ table: memoryTable(), world });
  const tokens = createTokens({ keys: [signingKeyOf(await newSigningKeyPem())], ...world });
  const api = createApi({ store, registry: createLiveRegistry({ definitions: createDefinitions() }), tokens, world });
  const response = await api.fetch(new Request('http://a/version'), { user: { name: 'admin', groups: ['system:masters'] } });
  const version = (await response.json()) as Record<string, string>;
  assert.equal(version['gitVersion'], gitVersion);
  assert.equal(`${version['major']}.${version['minor']}`, kubernetesVersion.split('.').slice(0, 2).join('.'));
});

test('a review is shown as no table', async () => {
  const world = virtualWorld();
  const store = await createStore({ table: memoryTable(), world });
  const tokens = createTokens({ keys: [signingKeyOf(await newSigningKeyPem())], ...world });
  const api = createApi({ store, registry: createLiveRegistry({ definitions: createDefinitions() }), tokens, world });
  const ask = (accept: string): Promise<Response> =>
    api.fetch(
      new Request('http://a/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', {
        method: 'POST',
        headers: { accept, 'content-type': 'application/json' },
        body: JSON.stringify({ spec: { nonResourceAttributes: { path: '/', verb: 'get' } } }),
      }),
      { user: { name: 'admin', groups: ['system:masters'] } },
    );
  const table = 'application/json;as=Table;v=v1;g=meta.k8s.io';
  assert.equal((await ask(table)).status, 406);
  assert.equal((await ask(`${table}, application/json`)).status, 201);
});
