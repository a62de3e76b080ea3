/** The past is no way around the present's rights: no address of it reads what its caller may not read now. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { memoryFiles } from '../../functions/archive/memory-files.ts';
import type { User } from '../../functions/apiserver/ports.ts';
import { namespaces, roleBindings, secrets } from '../../functions/kube/resource-type.ts';
import { everyCase } from '../support/every-case.ts';
import { type RbacCluster, rbacCluster } from '../support/rbac-cluster.ts';
import { servedResources, type Served } from './served-resources.ts';

const own = 'team-a';
const owner: User = { name: 'ann', groups: ['system:authenticated'] };
/** `hidden`, as the API shows it. */
const hidden = /aGlkZGVu/;

let cluster: RbacCluster;
let served: readonly Served[];

before(async () => {
  cluster = await rbacCluster({ archive: { files: memoryFiles() } });
  const { client, store, world } = cluster;
  for (const name of [own, 'team-b']) {
    await client.create(namespaces, { metadata: { name }, spec: {} });
    await client.create(secrets, { metadata: { name: 's', namespace: name }, stringData: { a: name === own ? 'shown' : 'hidden' } });
  }
  await client.create(roleBindings, {
    metadata: { name: 'owner', namespace: own },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: owner.name }],
  });
  served = await servedResources(cluster);
  await world.advance(60_000);
  await store.housekeep();
  await world.advance(60_000);
});
after(() => cluster.api.close());

const ask = (path: string, method = 'GET') => cluster.as(owner).send(method, path);

/** Ways to write the moment and what comes before the path. */
const prefixes: readonly string[] = [
  '/as-of/-1m',
  '/as-of/-1m..now',
  '/as-of/-1m@10x',
  '/as-of/%2D1m',
  '/as-of/-1m/as-of/-1m',
  '/as-of/-1m/',
  '/as-of/-1m/.',
  '/as-of/-1m/%2e',
  `/as-of/-1m/api/v1/namespaces/${own}/../../../..`,
];

test('the owner of a namespace reads its past', async () => {
  assert.match((await ask(`/as-of/-1m/api/v1/namespaces/${own}/secrets/s`)).text, /c2hvd24/);
  assert.match((await ask(`/as-of/-1m..now/api/v1/namespaces/${own}/secrets/s`)).text, /"kind":"History"/);
});

test('no address of the past reads another namespace, or what belongs to none', async () => {
  const resources = served.filter(({ name, verbs }) => !name.includes('/') && verbs.includes('list'));
  assert.ok(resources.length > 40);
  const paths = resources.flatMap(({ root, name, namespaced }) =>
    namespaced
      ? [`${root}/${name}`, `${root}/namespaces/team-b/${name}`, `${root}/namespaces/team-b/${name}/s`]
      : [`${root}/${name}`, `${root}/${name}/x`, `${root}/namespaces/${own}/${name}`],
  );
  const asked = paths.flatMap((path) => prefixes.map((prefix) => ({ prefix, path })));
  const mayRead = new Set(['/api/v1/namespaces/team-a/namespaces']);
  await everyCase(
    asked,
    ({ prefix, path }) => `${prefix}${path}`,
    async ({ prefix, path }) => {
      const { status, text } = await ask(`${prefix}${path}`);
      assert.doesNotMatch(text, hidden);
      if (mayRead.has(path)) return;
      assert.ok([400, 403, 404].includes(status), `${status} ${text.slice(0, 100)}`);
    },
  );
});

/** Spellings that begin in the own namespace. */
const escapes = ['..', '%2e%2e', '.%2e', '%2E%2E', '..%2f..', '%2f..', '\\..', '%5c..', '..;', '%00', '%252e%252e'];

test('no spelling leads from the own past into that of another namespace', async () => {
  const asked = prefixes.flatMap((prefix) =>
    escapes.flatMap((escape) => ['secrets/s', 'secrets', 'secrets?watch=1&timeoutSeconds=1'].map((rest) => ({ prefix, escape, rest }))),
  );
  await everyCase(
    asked,
    ({ prefix, escape, rest }) => `${prefix} ${escape} ${rest}`,
    async ({ prefix, escape, rest }) => {
      const { status, text } = await ask(`${prefix}/api/v1/namespaces/${own}/${escape}/team-b/${rest}`);
      assert.doesNotMatch(text, hidden);
      // The own namespace has an empty history for a resource that no kind has.
      if (status === 200) assert.match(text, /"kind":"History","metadata":\{\},"items":\[\]/);
      else assert.ok([400, 403, 404].includes(status), `${status} ${text.slice(0, 100)}`);
    },
  );
});

/** What is no moment of the past. */
const moments = [
  '',
  '-',
  'tomorrow',
  '2999-01-01T00:00:00Z',
  '2026-13-40T99:99:99Z',
  '-0',
  '-1e9d',
  '-99999999999999999999d',
  '--1m',
  '-1m@',
  '-1m@0x',
  '-1m@-1x',
  '-1m@1e9x',
  '-1m@10x@10x',
  'now@Infinityx',
  '%',
  '%zz',
  '%00',
  '-1m%00',
  'x'.repeat(10_000),
  '-1m'.repeat(3_000),
  '-1m...now',
  'now..-1m..now',
  '\u{1f4a9}',
];

test('what is no moment of the past is refused, whatever is asked for and however', async () => {
  const asked = moments.flatMap((moment) => ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH'].map((method) => ({ moment, method })));
  await everyCase(
    asked,
    ({ moment, method }) => `${method} ${moment.slice(0, 30)}`,
    async ({ moment, method }) => {
      const { status, text } = await ask(`/as-of/${moment}/api/v1/namespaces/${own}/secrets/s`, method);
      assert.ok(status >= 400 && status < 500, `${status} ${text.slice(0, 100)}`);
      assert.ok(text.length < 1_000, `${text.length} characters`);
    },
  );
});
