import assert from 'node:assert/strict';
import { test } from 'node:test';
import { realWorld } from '../world.ts';
import { isLog } from './bounded-request.ts';
import { SettingsError } from '../cloud/settings.ts';
import { webEndpoint } from './web-endpoint.ts';
import { startWebHost } from './web-host.ts';

test('a Web Function listens where its environment names', () => {
  assert.deepEqual(webEndpoint('127.0.0.1:8080'), { host: '127.0.0.1', port: 8080 });
  assert.deepEqual(webEndpoint('http://[::1]:80/'), { host: '::1', port: 80 });
  assert.deepEqual(webEndpoint(':9000'), { host: '127.0.0.1', port: 9000 });
  assert.throws(() => webEndpoint(undefined), new SettingsError('AWS_LAMBDA_HTTP_ENDPOINT must be ADDRESS:PORT, not empty'));
});

test('a log is known by its path', () => {
  const pods = '/api/v1/namespaces/default/pods';
  assert.deepEqual([`${pods}/web/log`, `${pods}/web/exec`, `${pods}/log`, '/api/v1/namespaces/pods/web/log'].map(isLog), [
    true,
    false,
    false,
    false,
  ]);
});

test('a server answers, passes on the client’s address and its limits, and ends a watch before its host does', async () => {
  const asked: unknown[] = [];
  const host = await startWebHost({
    host: '127.0.0.1',
    port: 0,
    upgrades: false,
    requestSecondsMax: 900,
    answerBytesMax: 1000,
    log: realWorld('error').log,
    async fetch(request, connection) {
      asked.push(new URL(request.url).search, connection.remoteAddress, connection.answerBytesMax);
      return Response.json({ body: await request.text() });
    },
  });
  const answer = await fetch(`http://127.0.0.1:${host.port}/api/v1/pods?watch=true`);
  assert.deepEqual(await answer.json(), { body: '' });
  assert.deepEqual(await (await fetch(`http://127.0.0.1:${host.port}/api/v1/pods`, { method: 'POST', body: 'x' })).json(), { body: 'x' });
  assert.deepEqual(asked, ['?watch=true&timeoutSeconds=895', '127.0.0.1', 1000, '', '127.0.0.1', 1000]);
  await host.close();
});
