import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { type RbacCluster, rbacCluster } from '../../../test/support/rbac-cluster.ts';
import { createDashboard } from './dashboard.ts';

const contents: Readonly<Record<string, string>> = { 'index.html': '<!doctype html>', 'dashboard-A1.js': 'export {}' };
const asked: string[] = [];
const files = {
  async read(name: string) {
    asked.push(name);
    const text = contents[name];
    return text === undefined ? undefined : new Uint8Array(gzipSync(text));
  },
};

describe('the dashboard', () => {
  let cluster: RbacCluster;
  before(async () => {
    cluster = await rbacCluster({ extensions: [createDashboard(files)] });
  });
  after(() => cluster.api.close());
  const get = (path: string, init: RequestInit = {}): Promise<Response> => cluster.fetch(new Request(`https://api${path}`, init));

  test('the dashboard is read without credentials, packed where the browser unpacks it', async () => {
    const packed = await get('/ui/', { headers: { 'accept-encoding': 'gzip, br' } });
    assert.deepEqual([packed.status, packed.headers.get('content-encoding')], [200, 'gzip']);
    const plain = await get('/ui/');
    assert.deepEqual([plain.headers.get('content-encoding'), await plain.text()], [null, '<!doctype html>']);
    assert.equal((await get('/ui')).headers.get('location'), 'ui/');
  });

  test('the dashboard allows no other host, no code in the page, no frame around it and no cookie', async () => {
    for (const path of ['/ui', '/ui/', '/ui/dashboard-A1.js']) {
      const { headers } = await get(path);
      const policy = headers.get('content-security-policy') ?? '';
      for (const directive of [
        "default-src 'none'",
        "script-src 'self'",
        "connect-src 'self'",
        "frame-ancestors 'none'",
        "form-action 'none'",
      ])
        assert.ok(policy.split('; ').includes(directive), `${path}: ${directive}`);
      assert.doesNotMatch(policy, /unsafe|https?:|\*/);
      assert.equal(headers.get('x-frame-options'), 'DENY');
      assert.equal(headers.get('x-content-type-options'), 'nosniff');
      assert.equal(headers.get('set-cookie'), null);
    }
  });

  test('the dashboard is kept by browsers but for its first file, whose name stays the same', async () => {
    assert.equal((await get('/ui/')).headers.get('cache-control'), 'no-cache');
    assert.match((await get('/ui/dashboard-A1.js')).headers.get('cache-control') ?? '', /immutable/);
  });

  test('the dashboard has no other files, whatever their names are', async () => {
    for (const path of [
      '/ui/nothing.js',
      '/ui/a/b.js',
      '/ui/..%2f..%2fetc%2fpasswd',
      '/ui/.html',
      '/ui/index.html.gz',
      '/ui/__proto__',
      '/uix',
    ])
      assert.equal((await get(path)).status, 404, path);
    assert.ok(asked.every((name) => !/[/%]|\.\./.test(name)));
    assert.equal((await get('/ui/', { method: 'POST' })).status, 404);
  });

  test('the dashboard opens no other path to callers without credentials', async () => {
    for (const path of ['/api/v1/pods', '/ui/../api/v1/secrets', '/apis'])
      assert.ok([401, 403, 404].includes((await get(path)).status), path);
  });
});
