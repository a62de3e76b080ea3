import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { KubeObject } from '../../functions/kube/object.ts';
import type { ResourceType } from '../../functions/kube/resource-type.ts';
import { virtualWorld } from '../../test/support/virtual-world.ts';
import { createDoorAccess, type DoorAccess } from './door-access.ts';
import { doorRequest } from './request-attributes.ts';

describe('a request at the door', () => {
  const cases: readonly [method: string, path: string, verb: string, subresources: string[]][] = [
    ['GET', '/metrics/resource', 'get', ['metrics']],
    ['GET', '/metricsx', 'get', ['proxy']],
    ['GET', '/stats/summary', 'get', ['stats']],
    ['GET', '/logs/', 'get', ['log']],
    ['GET', '/pods', 'get', ['pods', 'proxy']],
    ['GET', '/runningpods/', 'get', ['pods', 'proxy']],
    ['GET', '/healthz', 'get', ['healthz', 'proxy']],
    ['GET', '/configz', 'get', ['configz', 'proxy']],
    ['POST', '/exec/default/web/main', 'create', ['proxy']],
    ['DELETE', '/containerLogs/default/web/main', 'delete', ['proxy']],
  ];
  for (const [method, path, verb, subresources] of cases) {
    test(`${method} ${path} asks for ${verb} of nodes/${subresources.join(' or nodes/')}`, () => {
      assert.deepEqual(doorRequest(method, path), { verb, subresources });
    });
  }
});

interface Review extends KubeObject {
  readonly spec: { readonly token?: string; readonly user?: string; readonly resourceAttributes?: Readonly<Record<string, string>> };
}

function door(allowed: readonly string[]): {
  readonly access: DoorAccess;
  readonly asked: string[];
  readonly pass: (ms: number) => Promise<void>;
} {
  const world = virtualWorld();
  const asked: string[] = [];
  const create = async <T extends KubeObject>({ kind }: ResourceType<T>, object: T): Promise<T> => {
    const { token, user, resourceAttributes } = (object as unknown as Review).spec;
    const question =
      kind === 'TokenReview' ? `whose is ${token}` : `may ${user} ${resourceAttributes?.['verb']} ${resourceAttributes?.['subresource']}`;
    asked.push(question);
    const status =
      kind === 'TokenReview'
        ? { authenticated: token === 'good', user: { username: 'jane', groups: ['dev'] } }
        : { allowed: allowed.includes(resourceAttributes?.['subresource'] ?? '') };
    return { ...object, status };
  };
  const access = createDoorAccess({ client: { create }, clock: world.clock, nodeName: 'node-a' });
  return { access, asked, pass: (ms) => world.advance(ms) };
}

describe('the door', () => {
  test('the door refuses a client without a token that the API knows', async () => {
    const { access } = door(['metrics']);
    const refused = { outcome: 'refused', code: 401, message: 'Unauthorized' };
    assert.deepEqual(await access.admit('GET', '/metrics', undefined), refused);
    assert.deepEqual(await access.admit('GET', '/metrics', 'Basic abc'), refused);
    assert.deepEqual(await access.admit('GET', '/metrics', 'Bearer bad'), refused);
  });

  test('the door lets in for either of two permissions, and names both where neither is there', async () => {
    assert.deepEqual(await door(['proxy']).access.admit('GET', '/pods', 'Bearer good'), { outcome: 'allowed' });
    assert.deepEqual(await door(['pods']).access.admit('GET', '/pods', 'Bearer good'), { outcome: 'allowed' });
    assert.deepEqual(await door([]).access.admit('GET', '/pods', 'Bearer good'), {
      outcome: 'refused',
      code: 403,
      message: 'Forbidden (user=jane, verb=get, resource=nodes, subresource(s)=[pods proxy])',
    });
  });

  test('the door remembers answers for minutes', async () => {
    const { access, asked, pass } = door(['metrics']);
    for (let round = 0; round < 3; round += 1) await access.admit('GET', '/metrics/resource', 'Bearer good');
    assert.deepEqual(asked, ['whose is good', 'may jane get metrics']);
    await pass(121_000);
    await access.admit('GET', '/metrics/resource', 'Bearer good');
    assert.deepEqual(asked.slice(2), ['whose is good']);
  });
});
