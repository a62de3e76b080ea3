import assert from 'node:assert/strict';
import { test } from 'node:test';
import { requestInfoOf } from './request-info.ts';

const info = (method: string, path: string): Record<string, unknown> => {
  const { isResource, path: _path, ...rest } = requestInfoOf(method, new URL(path, 'http://api'));
  return { isResource, ...Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== '' && value !== false)) };
};

const pods = { isResource: true, version: 'v1', resource: 'pods' };

test('a path of the core group names version, namespace, resource, name and subresource', () => {
  assert.deepEqual(info('PUT', '/api/v1/namespaces/default/pods/p1/status'), {
    ...pods,
    verb: 'update',
    isNamespaced: true,
    namespace: 'default',
    name: 'p1',
    subresource: 'status',
  });
});

test('a path of another group names the group too', () => {
  assert.deepEqual(info('POST', '/apis/apps/v1/namespaces/default/deployments'), {
    isResource: true,
    verb: 'create',
    group: 'apps',
    version: 'v1',
    resource: 'deployments',
    isNamespaced: true,
    namespace: 'default',
  });
});

test('a GET without a name is a list, or a watch with the parameter watch', () => {
  assert.deepEqual(info('GET', '/api/v1/pods'), { ...pods, verb: 'list' });
  assert.deepEqual(info('GET', '/api/v1/pods?watch=1'), { ...pods, verb: 'watch' });
  assert.deepEqual(info('GET', '/api/v1/pods?watch'), { ...pods, verb: 'watch' });
  assert.deepEqual(info('GET', '/api/v1/pods?watch=false'), { ...pods, verb: 'list' });
});

test('a DELETE without a name deletes a collection', () => {
  assert.deepEqual(info('DELETE', '/api/v1/namespaces/a/pods'), { ...pods, verb: 'deletecollection', isNamespaced: true, namespace: 'a' });
});

test('a list of one name is authorized as that name', () => {
  assert.deepEqual(info('GET', '/api/v1/namespaces/a/pods?fieldSelector=metadata.name%3Dp1'), {
    ...pods,
    verb: 'list',
    isNamespaced: true,
    namespace: 'a',
    name: 'p1',
    selectedFields: [{ field: 'metadata.name', value: 'p1' }],
    fieldSelector: { rawSelector: 'metadata.name=p1' },
  });
});

test('a list names the fields that it selects by value', () => {
  const selectedFields = [
    { field: 'spec.nodeName', value: 'a' },
    { field: 'status.phase', value: 'x,y' },
  ];
  const rawSelector = 'status.phase==x\\,y,spec.nodeName=a,metadata.name!=b';
  const selector = encodeURIComponent(rawSelector);
  const chosen = { selectedFields, fieldSelector: { rawSelector } };
  assert.deepEqual(info('GET', `/api/v1/pods?fieldSelector=${selector}`), { ...pods, verb: 'list', ...chosen });
  assert.deepEqual(info('DELETE', `/api/v1/pods?fieldSelector=${selector}`), { ...pods, verb: 'deletecollection', ...chosen });
  assert.deepEqual(info('GET', '/api/v1/pods?fieldSelector=spec.nodeName'), {
    ...pods,
    verb: 'list',
    fieldSelector: { rawSelector: 'spec.nodeName' },
  });
});

test('a Namespace is its own namespace, and so are its subresources', () => {
  const namespace = { isResource: true, version: 'v1', resource: 'namespaces', namespace: 'a', name: 'a' };
  assert.deepEqual(info('GET', '/api/v1/namespaces/a'), { ...namespace, verb: 'get' });
  assert.deepEqual(info('PUT', '/api/v1/namespaces/a/finalize'), { ...namespace, verb: 'update', subresource: 'finalize' });
});

test('discovery and everything outside of the API roots is no resource', () => {
  for (const path of ['/api', '/api/v1', '/apis', '/apis/apps', '/apis/apps/v1', '/healthz', '/']) {
    assert.deepEqual(info('GET', path), { isResource: false, verb: 'get' }, path);
  }
});

test('an encoded slash separates parts of a path like any other', () => {
  assert.deepEqual(info('GET', '/api/v1/namespaces/a%2Fpods/p1'), { ...pods, verb: 'get', isNamespaced: true, namespace: 'a', name: 'p1' });
});

test('a path with an escape that means nothing is a bad request', () => {
  assert.throws(() => requestInfoOf('GET', new URL('/api/v1/namespaces/%zz', 'http://api')), { code: 400 });
});
