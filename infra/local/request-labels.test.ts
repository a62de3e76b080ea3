import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createRequestLabels } from './request-labels.ts';

const request = (method: string, path: string, contentType = 'application/json'): Request =>
  new Request(`https://127.0.0.1${path}`, { method, headers: { 'content-type': contentType } });

const pods = { component: 'apiserver', dry_run: '', group: '', version: 'v1', resource: 'pods', subresource: '' };
const noResource = { component: 'apiserver', dry_run: '', group: '', version: '', resource: '', subresource: '', scope: '' };

describe('a request counts', () => {
  for (const [method, path, status, labels] of [
    ['GET', '/api/v1/namespaces/default/pods/a', 200, { ...pods, verb: 'GET', scope: 'resource' }],
    ['HEAD', '/api/v1/namespaces/default/pods/a', 200, { ...pods, verb: 'GET', scope: 'resource' }],
    ['GET', '/api/v1/namespaces/default/pods', 200, { ...pods, verb: 'LIST', scope: 'namespace' }],
    ['GET', '/api/v1/pods?watch=1', 200, { ...pods, verb: 'WATCH', scope: 'cluster' }],
    ['POST', '/api/v1/namespaces/default/pods?dryRun=All', 201, { ...pods, dry_run: 'All', verb: 'POST', scope: 'resource' }],
    ['DELETE', '/api/v1/namespaces/default/pods', 200, { ...pods, verb: 'DELETE', scope: 'namespace' }],
    ['GET', '/api/v1/namespaces/default/pods/a/log', 200, { ...pods, subresource: 'log', verb: 'CONNECT', scope: 'resource' }],
    ['GET', '/healthz', 200, { ...noResource, verb: 'GET' }],
    ['OPTIONS', '/healthz', 405, { ...noResource, verb: 'other' }],
    ['GET', '/api/v1/%zz/pods', 400, { ...noResource, verb: 'other' }],
  ] as const) {
    test(`${method} ${path}`, () => {
      assert.deepEqual(createRequestLabels()(request(method, path), status), { ...labels, code: String(status) });
    });
  }

  test('a request counts as APPLY when it applies on the server', () => {
    const applied = request('PATCH', '/api/v1/namespaces/default/pods/a', 'application/apply-patch+yaml');
    assert.equal(createRequestLabels()(applied, 200)['verb'], 'APPLY');
  });

  test('a request counts with its resource after one has succeeded, errors too', () => {
    const labels = createRequestLabels();
    assert.equal(labels(request('GET', '/apis/example.com/v1/things/a'), 404)['resource'], '');
    assert.equal(labels(request('GET', '/apis/example.com/v1/things'), 200)['resource'], 'things');
    assert.equal(labels(request('GET', '/apis/example.com/v1/things/a'), 404)['resource'], 'things');
  });
});
