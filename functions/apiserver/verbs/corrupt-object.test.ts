/** What clients get of an object whose stored bytes are damaged. Texts, codes and details are those of kube-apiserver 1.37.2. */
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { testApi, type TestApi } from '../../../test/support/api-server.ts';
import { damagedTable, noDamage } from '../../../test/support/damaged-table.ts';
import { virtualWorld, type VirtualWorld } from '../../../test/support/virtual-world.ts';
import { memoryTable } from '../../store/memory/memory-table.ts';
import type { User } from '../ports.ts';

const configMaps = '/api/v1/namespaces/default/configmaps';
const ignoring = { ignoreStoreReadErrorWithClusterBreakingPotential: true };

/** The compact revision passes all that was written; the checkpoint then holds it. */
async function checkpoint({ store, send }: TestApi, world: VirtualWorld): Promise<void> {
  await store.housekeep();
  for (let tick = 0; tick < 2; tick += 1) {
    await world.advance(5 * 60_000);
    await send('POST', '/api/v1/namespaces/kube-system/configmaps', { metadata: { name: `tick-${tick}` } });
    await store.housekeep();
  }
}

/** A second process, which starts from a checkpoint in which the ConfigMap `a` is damaged; `b` is well. */
async function damaged(authorize = async () => ({ allowed: true, reason: '' })): Promise<TestApi> {
  const world = virtualWorld();
  const damage = noDamage();
  const table = damagedTable(memoryTable({ clock: world.clock }), damage);
  const first = await testApi({ world, table });
  await first.send('POST', '/api/v1/namespaces', { metadata: { name: 'kube-system' } });
  for (const name of ['a', 'b']) await first.send('POST', configMaps, { metadata: { name, labels: { all: '' } }, data: { of: name } });
  await checkpoint(first, world);
  damage.objects.add('a');
  return testApi({ world, table, authorizer: { authorize } });
}

const unreadable = 'object not decodable revision=3: configmaps default/a at revision 3 cannot be read: its checksum is wrong';
const notOfCollections = 'is not allowed with DELETECOLLECTION, try again after removing the option';
const storageError = (path: string): string =>
  `StorageError: corrupt object, Code: 7, Key: ${path}, ResourceVersion: 0, AdditionalErrorMsg: ${unreadable}`;

describe('a client that asks for an object with damaged bytes', () => {
  let api: TestApi;

  before(async () => {
    api = await damaged();
  });

  const listed = {
    code: 500,
    reason: 'StorageReadError',
    message: `failed to read one or more configmaps from the storage: ${storageError('/registry/configmaps/default/a')}`,
    details: {
      name: 'list',
      kind: 'configmaps',
      causes: [
        {
          reason: 'UnexpectedServerResponse',
          field: '/registry/configmaps/default/a',
          message: storageError('/registry/configmaps/default/a'),
        },
      ],
    },
  };
  const gotten = {
    code: 500,
    reason: 'InternalError',
    message: `Internal error occurred: ${storageError('/configmaps/default/a')}`,
    details: { causes: [{ message: storageError('/configmaps/default/a') }] },
  };
  const patch = { 'content-type': 'application/merge-patch+json' };

  const answers: readonly (readonly [what: string, request: Parameters<TestApi['send']>, answer: object])[] = [
    ['get is refused with the storage key', ['GET', `${configMaps}/a`], gotten],
    ['delete is refused like get', ['DELETE', `${configMaps}/a`], gotten],
    ['update is refused', ['PUT', `${configMaps}/a`, { metadata: { name: 'a' } }], { code: 500, message: unreadable }],
    ['patch is refused', ['PATCH', `${configMaps}/a`, { data: { x: 'y' } }, patch], { code: 500, message: unreadable }],
    [
      'create finds the name taken',
      ['POST', configMaps, { metadata: { name: 'a' } }],
      { code: 409, reason: 'AlreadyExists', message: 'configmaps "a" already exists', details: { name: 'a', kind: 'configmaps' } },
    ],
    ['a list names the object', ['GET', configMaps], listed],
    ['a list with a label selector names the object', ['GET', `${configMaps}?labelSelector=all`], listed],
    ['a list over all namespaces names the object', ['GET', '/api/v1/configmaps'], listed],
    ['a Table names the object', ['GET', configMaps, undefined, { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' }], listed],
    [
      'options that need the object are refused beside the one that ignores it',
      ['DELETE', `${configMaps}/a`, { ...ignoring, gracePeriodSeconds: 1, preconditions: { uid: 'x' } }],
      {
        code: 422,
        reason: 'Invalid',
        message:
          'DeleteOptions.meta.k8s.io "" is invalid: [ignoreStoreReadErrorWithClusterBreakingPotential: Invalid value: true: cannot be set together with .gracePeriodSeconds, ignoreStoreReadErrorWithClusterBreakingPotential: Invalid value: true: cannot be set together with .preconditions]',
        details: {
          group: 'meta.k8s.io',
          kind: 'DeleteOptions',
          causes: ['gracePeriodSeconds', 'preconditions'].map((name) => ({
            reason: 'FieldValueInvalid',
            message: `Invalid value: true: cannot be set together with .${name}`,
            field: 'ignoreStoreReadErrorWithClusterBreakingPotential',
          })),
        },
      },
    ],
    [
      'a collection is not deleted with the option',
      ['DELETE', configMaps, ignoring],
      {
        code: 422,
        reason: 'Invalid',
        message: `DeleteOptions.meta.k8s.io "" is invalid: ignoreStoreReadErrorWithClusterBreakingPotential: Invalid value: true: ${notOfCollections}`,
        details: {
          group: 'meta.k8s.io',
          kind: 'DeleteOptions',
          causes: [
            {
              reason: 'FieldValueInvalid',
              message: `Invalid value: true: ${notOfCollections}`,
              field: 'ignoreStoreReadErrorWithClusterBreakingPotential',
            },
          ],
        },
      },
    ],
    [
      'a readable object is not deleted with the option',
      ['DELETE', `${configMaps}/b`, ignoring],
      {
        code: 409,
        reason: 'Conflict',
        message:
          'Operation cannot be fulfilled on configmaps "b": StorageError: invalid object, Code: 4, Key: /registry/configmaps/default/b, ResourceVersion: 0, AdditionalErrorMsg: unsafe deletion is not allowed because the object is decodable from storage',
        details: { name: 'b', kind: 'configmaps' },
      },
    ],
    [
      'an absent object is not found with the option',
      ['DELETE', `${configMaps}/none`, ignoring],
      { code: 404, reason: 'NotFound', message: 'configmaps "none" not found', details: { name: 'none', kind: 'configmaps' } },
    ],
  ];
  for (const [what, request, answer] of answers) {
    test(what, async () => {
      const { body } = await api.send(...request);
      assert.deepEqual(body, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', ...answer });
    });
  }

  test('all other objects are read, listed by name, and written', async () => {
    assert.equal((await api.send('GET', `${configMaps}/b`)).status, 200);
    const { body } = await api.send('GET', `${configMaps}?fieldSelector=metadata.name%3Db`);
    assert.deepEqual(
      (body['items'] as { data: unknown }[]).map(({ data }) => data),
      [{ of: 'b' }],
    );
    assert.equal((await api.send('PATCH', `${configMaps}/b`, { data: { more: 'x' } }, patch)).status, 200);
    assert.equal((await api.send('GET', '/api/v1/namespaces/kube-system/configmaps')).status, 200);
  });
});

test('a caller without the verb unsafe-delete-ignore-read-errors cannot delete what cannot be read', async () => {
  const authorize = async (_user: User, { verb }: { verb: string }) => ({
    allowed: verb !== 'unsafe-delete-ignore-read-errors',
    reason: '',
  });
  const api = await damaged(authorize as () => Promise<{ allowed: boolean; reason: string }>);
  const { status, body } = await api.send('DELETE', `${configMaps}/a`, ignoring);
  assert.equal(status, 403);
  assert.equal(body['message'], 'configmaps "a" is forbidden: not permitted to do "unsafe-delete-ignore-read-errors", reason: ');
});

test('an administrator deletes what cannot be read: a watch ends with an error, and lists are whole again', async () => {
  const api = await damaged();
  const watch = await api.fetch(`${configMaps}?watch=1&resourceVersion=${api.store.view().revision}`);
  const dryRun = await api.send('DELETE', `${configMaps}/a`, { ...ignoring, dryRun: ['All'] });
  const success = {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    details: { name: 'a', kind: 'ConfigMap' },
    code: 200,
  };
  assert.deepEqual(dryRun.body, success);
  assert.equal((await api.send('GET', `${configMaps}/a`)).status, 500);
  assert.deepEqual((await api.send('DELETE', `${configMaps}/a?ignoreStoreReadErrorWithClusterBreakingPotential=true`)).body, success);
  assert.equal((await api.send('GET', `${configMaps}/a`)).status, 404);
  assert.equal((await api.send('GET', configMaps)).status, 200);
  const event = JSON.parse(await watch.text()) as { type: string; object: { reason: string; message: string } };
  assert.deepEqual([event.type, event.object.reason], ['ERROR', 'StorageReadError']);
  assert.match(event.object.message, /^saw a DELETED event, but object data is corrupt - object not decodable revision=\d+: /);
});

test('a collection is deleted but for the object that cannot be read, which the answer names', async () => {
  const api = await damaged();
  const { status, body } = await api.send('DELETE', configMaps);
  assert.deepEqual([status, body['reason']], [500, 'StorageReadError']);
  assert.equal((await api.send('GET', `${configMaps}/b`)).status, 404);
});
