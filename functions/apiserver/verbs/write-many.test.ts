import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { admin } from '../../../test/support/api-server.ts';
import { virtualWorld } from '../../../test/support/virtual-world.ts';
import { type Api, createApi, workerUser } from '../../api.ts';
import type { Client, ManyWrite } from '../../client/client.ts';
import { bootstrap } from '../../cloud/bootstrap.ts';
import { openClusterStore } from '../../cluster-store.ts';
import type { Binding } from '../../kube/generated/types.ts';
import { type KubeObject, nameOf } from '../../kube/object.ts';
import { configMaps, namespaces, pods, serviceAccounts } from '../../kube/resource-type.ts';
import { StatusError } from '../../kube/status-error.ts';
import { memoryTable } from '../../store/memory/memory-table.ts';
import type { Store } from '../../store/store.ts';
import { newSigningKeyPem, signingKeyOf } from '../auth/keys.ts';
import { createTokens } from '../auth/tokens.ts';

const namespace = 'work';
const bindingOf = (name: string, nodeName = 'n1'): Binding => ({
  metadata: { namespace, name },
  target: { kind: 'Node', name: nodeName },
});

const bindWrite = (name: string, nodeName?: string): ManyWrite => ({
  verb: 'post',
  type: pods,
  subresource: 'binding',
  body: bindingOf(name, nodeName),
});

describe('binding many pods at once', () => {
  let store: Store;
  let api: Api;
  let client: Client;
  before(async () => {
    const world = virtualWorld();
    const opened = await openClusterStore({ table: memoryTable({ clock: world.clock }), world });
    store = opened.store;
    const tokens = createTokens({ keys: [signingKeyOf(await newSigningKeyPem())], clock: world.clock, random: world.random });
    api = createApi({ store, registry: opened.registry, tokens, world, checksApiServices: false });
    await bootstrap(api, opened.definitions, { apiserverAddress: '192.0.2.1', apiserverPort: 6443, serviceCidr: '10.96.0.0/12' });
    client = api.clientFor(admin);
    await client.create(namespaces, { metadata: { name: namespace }, spec: {} });
    await client.create(serviceAccounts, { metadata: { namespace, name: 'default' } });
    for (const name of ['a', 'b', 'c'])
      await client.create(pods, { metadata: { namespace, name }, spec: { containers: [{ name: 'main', image: 'i' }] } });
  });
  after(async () => {
    api.close();
    await store.close();
  });

  const nodesOf = async (): Promise<readonly (string | undefined)[]> =>
    (await client.list(pods, { namespace })).items.map(({ spec }) => spec.nodeName);
  const messageOf = async (by: Client, binding: Binding): Promise<string> => {
    const { name = '' } = binding.metadata;
    const refusal = await by.createSubresource(pods, { namespace, name }, 'binding', binding).catch((error: unknown) => error);
    return refusal instanceof StatusError ? refusal.message : 'done';
  };

  test('binding many pods at once is refused for each, where the user may not', async () => {
    const stranger = api.clientFor({ name: 'stranger', groups: ['system:authenticated'] });
    const refused = await stranger.writeMany([bindWrite('a'), bindWrite('b')]);
    assert.deepEqual(
      refused.map((error) => error?.message),
      [await messageOf(stranger, bindingOf('a')), await messageOf(stranger, bindingOf('b'))],
    );
    assert.deepEqual(await nodesOf(), [undefined, undefined, undefined]);
  });

  test('binding many pods at once binds each that can be, and refuses the others as one by one', async () => {
    const scheduler = api.clientFor(workerUser('system:kube-scheduler'));
    await scheduler.createSubresource(pods, { namespace, name: 'c' }, 'binding', bindingOf('c'));
    const { revision } = await store.fresh();
    const names = ['a', 'absent', 'c', 'b'];
    const refused = await scheduler.writeMany(names.map((name) => bindWrite(name, 'n2')));
    assert.deepEqual(
      refused.map((error) => error?.message),
      [undefined, await messageOf(scheduler, bindingOf('absent')), await messageOf(scheduler, bindingOf('c')), undefined],
    );
    assert.deepEqual(await nodesOf(), ['n2', 'n2', 'n1']);
    assert.equal((await store.fresh()).revision, revision + 2);
  });

  test('creations, patches and deletions sent at once are each done or refused as one by one', async () => {
    const at = (name: string) => ({ namespace, name });
    const writes: readonly ManyWrite[] = [
      { verb: 'create', type: configMaps, object: { metadata: { namespace, name: 'one' }, data: { a: '1' } } as KubeObject },
      { verb: 'create', type: configMaps, object: { metadata: { namespace, name: 'Two!' } } },
      {
        verb: 'patch',
        type: pods,
        at: at('a'),
        patch: { status: { message: 'patched' } },
        patchType: 'application/strategic-merge-patch+json',
        subresource: 'status',
      },
      { verb: 'delete', type: pods, at: at('b'), options: { gracePeriodSeconds: 0 } },
      { verb: 'delete', type: pods, at: at('c'), options: { preconditions: { uid: 'another' } } },
    ];
    const refused = await client.writeMany(writes);
    assert.deepEqual(
      refused.map((error) => error?.reason),
      [undefined, 'Invalid', undefined, undefined, 'Conflict'],
    );
    assert.deepEqual((await client.get(configMaps, at('one'))).data, { a: '1' });
    assert.equal((await client.get(pods, at('a'))).status?.message, 'patched');
    assert.deepEqual((await client.list(pods, { namespace })).items.map(nameOf), ['a', 'c']);
  });
});
