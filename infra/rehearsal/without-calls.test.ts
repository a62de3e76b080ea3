import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '../../functions/kube/object.ts';
import { withoutCalls } from './without-calls.ts';

const object = (spec: object): KubeObject => ({ metadata: { name: 'a' }, spec }) as KubeObject;

test('a copy leaves out what would make the API call a server', () => {
  for (const kind of ['mutatingwebhookconfigurations', 'validatingwebhookconfigurations'])
    assert.equal(withoutCalls(`${kind}.admissionregistration.k8s.io`, object({})), undefined);
  const services = 'apiservices.apiregistration.k8s.io';
  assert.equal(withoutCalls(services, object({ service: { name: 'a', namespace: 'b' } })), undefined);
  const local = object({ group: 'apps' });
  assert.equal(withoutCalls(services, local), local);
});

test('a copied definition converts by no webhook', () => {
  const definitions = 'customresourcedefinitions.apiextensions.k8s.io';
  const webhook = object({ group: 'example.com', conversion: { strategy: 'Webhook', webhook: { clientConfig: { url: 'https://a' } } } });
  assert.deepEqual(withoutCalls(definitions, webhook), object({ group: 'example.com', conversion: { strategy: 'None' } }));
  const none = object({ conversion: { strategy: 'None' } });
  assert.equal(withoutCalls(definitions, none), none);
});
