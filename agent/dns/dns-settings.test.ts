import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readDnsSettings, stubOf } from './dns-settings.ts';

const read = (data: Record<string, string>) => readDnsSettings({ metadata: { name: 'kube-dns' }, data });

test('domains have servers of their own, and all other names those of upstream', () => {
  const { settings, problems } = read({
    stubDomains: '{"Acme.local.": ["10.0.0.53", "10.0.0.54:5353"]}',
    upstreamNameservers: '["8.8.8.8"]',
  });
  assert.deepEqual([...settings.stubDomains], [['acme.local', ['10.0.0.53', '10.0.0.54:5353']]]);
  assert.deepEqual([settings.upstreams, problems], [['8.8.8.8'], []]);
});

test('the longest domain wins, and a domain that only ends alike is another', () => {
  const { settings } = read({ stubDomains: '{"local": ["1.1.1.1"], "acme.local": ["2.2.2.2"]}' });
  assert.deepEqual(
    ['www.acme.local', 'acme.local', 'myacme.local', 'example.org'].map((name) => stubOf(name, settings)),
    ['acme.local', 'acme.local', 'local', undefined],
  );
});

test('without the object, and without its keys, nothing is chosen', () => {
  assert.deepEqual(readDnsSettings(undefined).settings, { stubDomains: new Map(), upstreams: [] });
  assert.deepEqual(read({}).settings, { stubDomains: new Map(), upstreams: [] });
});

test('what cannot be read is left out, and named', () => {
  const { settings, problems } = read({ stubDomains: '{"acme.local": ["ns.acme.local"], "b": ["1.1.1.1"]}', upstreamNameservers: 'x' });
  assert.deepEqual([...settings.stubDomains.keys()], ['b']);
  assert.deepEqual(problems, [
    'upstreamNameservers is not JSON',
    'stubDomains acme.local: "ns.acme.local" is not the IPv4 address of a name server',
  ]);
});
