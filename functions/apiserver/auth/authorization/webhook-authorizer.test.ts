/** A webhook that a test answers for, within the chain of a cluster. */
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { type VirtualWorld, virtualWorld } from '../../../../test/support/virtual-world.ts';
import { loadExpressions } from '../../../cel/program.ts';
import type { SubjectAccessReviewSpec, SubjectAccessReviewStatus } from '../../../kube/generated/types.ts';
import { requestInfoOf } from '../../http/request-info.ts';
import { memoryCluster } from '../../nodes/memory-cluster.ts';
import type { AuthorizationDecision, User } from '../../ports.ts';
import { createAuthorizer } from '../authorizer.ts';
import type { AuthorizerSettings, WebhookSettings } from './settings.ts';
import { createWebhookAuthorizer } from './webhook-authorizer.ts';
import { ReviewFailed } from '../review/post-review.ts';

before(loadExpressions);

const jane: User = { name: 'jane', uid: 'u1', groups: ['dev', 'system:authenticated'], extra: { 'example.org/x': ['1'] } };
const usual: WebhookSettings = {
  access: { server: 'https://127.0.0.1:1/' },
  timeoutMs: 1_000,
  authorizedMs: 10_000,
  unauthorizedMs: 2_000,
  reviewVersion: 'v1',
  failurePolicy: 'NoOpinion',
  matchConditions: [],
};

interface Scene {
  readonly world: VirtualWorld;
  readonly asked: SubjectAccessReviewSpec[];
  answer: () => SubjectAccessReviewStatus;
  may(path: string, user?: User): Promise<AuthorizationDecision>;
}

/** A cluster that asks the webhook first, then `after`. */
async function scene(
  settings: Partial<WebhookSettings> = {},
  after: readonly AuthorizerSettings[] = [{ type: 'RBAC', name: 'rbac' }],
): Promise<Scene> {
  const world = virtualWorld();
  const { store } = await memoryCluster(world);
  const asked: SubjectAccessReviewSpec[] = [];
  const ask = async (spec: SubjectAccessReviewSpec): Promise<SubjectAccessReviewStatus> => {
    asked.push(spec);
    return made.answer();
  };
  const authorizer = createAuthorizer({
    store,
    podsOfNode: { podsOf: () => [] } as never,
    settings: { authorizers: [{ type: 'Webhook', name: 'hook', webhook: { ...usual, ...settings } }, ...after] },
    webhook: (of) => createWebhookAuthorizer({ settings: of, ask, world }),
  });
  const made: Scene = {
    world,
    asked,
    answer: () => ({ allowed: true }),
    may: (path, user = jane) => authorizer.authorize(user, requestInfoOf('GET', new URL(`https://a${path}`))),
  };
  return made;
}

const pods = '/api/v1/namespaces/shop/pods';

describe('a webhook that authorizes', () => {
  test('a webhook that authorizes reads who asks for what, with the requirements of selectors', async () => {
    const { may, asked } = await scene();
    await may(`${pods}?fieldSelector=spec.nodeName%3Da,status.phase!%3DFailed&labelSelector=app+in+(x,y),!z`);
    await may('/healthz');
    assert.deepEqual(asked, [
      {
        resourceAttributes: {
          namespace: 'shop',
          verb: 'list',
          version: 'v1',
          resource: 'pods',
          fieldSelector: {
            requirements: [
              { key: 'spec.nodeName', operator: 'In', values: ['a'] },
              { key: 'status.phase', operator: 'NotIn', values: ['Failed'] },
            ],
          },
          labelSelector: {
            requirements: [
              { key: 'app', operator: 'In', values: ['x', 'y'] },
              { key: 'z', operator: 'DoesNotExist' },
            ],
          },
        },
        user: 'jane',
        groups: ['dev', 'system:authenticated'],
        extra: { 'example.org/x': ['1'] },
        uid: 'u1',
      },
      {
        nonResourceAttributes: { path: '/healthz', verb: 'get' },
        user: 'jane',
        groups: ['dev', 'system:authenticated'],
        extra: { 'example.org/x': ['1'] },
        uid: 'u1',
      },
    ]);
  });

  test('a webhook that authorizes is not asked about masters', async () => {
    const { may, asked } = await scene();
    assert.equal((await may(pods, { name: 'root', groups: ['system:masters'] })).allowed, true);
    assert.equal(asked.length, 0);
  });

  test('a webhook that authorizes allows, denies, or leaves it to the next one', async () => {
    const made = await scene({}, [{ type: 'AlwaysAllow', name: 'all' }]);
    made.answer = () => ({ allowed: false, denied: true, reason: 'not you' });
    assert.deepEqual(await made.may(pods), { allowed: false, denied: true, reason: 'not you' });
    made.answer = () => ({ allowed: false, reason: 'no idea' });
    assert.deepEqual(await made.may('/version'), { allowed: true, reason: '' });
    made.answer = () => ({ allowed: true, denied: true });
    assert.deepEqual(await made.may('/readyz'), {
      allowed: false,
      denied: true,
      reason: '',
      error: 'webhook subject access review returned both allow and deny response',
    });
  });

  test('a webhook that authorizes gives its reason beside those of the others', async () => {
    const made = await scene({}, [{ type: 'AlwaysDeny', name: 'none' }]);
    made.answer = () => ({ allowed: false, reason: 'no idea' });
    assert.deepEqual(await made.may(pods), { allowed: false, reason: 'hook: no idea\nnone: Everything is forbidden.' });
  });

  test('a webhook that authorizes is asked once while its answer lasts', async () => {
    const made = await scene();
    for (let count = 0; count < 3; count++) await made.may(pods);
    assert.equal(made.asked.length, 1);
    await made.world.advance(10_000);
    made.answer = () => ({ allowed: false });
    await made.may(pods);
    await made.world.advance(1_999);
    await made.may(pods);
    assert.equal(made.asked.length, 2);
    await made.world.advance(1);
    await made.may(pods);
    assert.equal(made.asked.length, 3);
  });

  test('a webhook that authorizes is asked each time about what a caller made long', async () => {
    const { may, asked } = await scene();
    for (let count = 0; count < 2; count++) await may(`/${'x'.repeat(10_000)}`);
    assert.equal(asked.length, 2);
  });

  test('an authorizing webhook is asked five times after passing failures, and once after a lasting one', async () => {
    for (const [mayPass, tries] of [
      [true, 5],
      [false, 1],
    ] as const) {
      const made = await scene();
      made.answer = () => {
        throw new ReviewFailed('gone', mayPass);
      };
      const answer = made.may(pods);
      await made.world.advance(10_000);
      assert.deepEqual(await answer, { allowed: false, reason: '', error: 'gone' });
      assert.equal(made.asked.length, tries);
    }
  });

  test('a webhook that authorizes that fails denies, where its policy is to deny', async () => {
    const made = await scene({ failurePolicy: 'Deny' }, [{ type: 'AlwaysAllow', name: 'all' }]);
    made.answer = () => {
      throw new ReviewFailed('gone', false);
    };
    assert.deepEqual(await made.may(pods), { allowed: false, denied: true, reason: '', error: 'gone' });
  });

  const conditions = ['has(request.resourceAttributes)', "request.resourceAttributes.namespace == 'shop'"];

  test('a webhook that authorizes is asked by conditions that find empty texts where the request has none', async () => {
    const { may, asked } = await scene({
      matchConditions: ["request.resourceAttributes.namespace != 'shop' && size(request.groups) == 2"],
    });
    assert.equal((await may('/api/v1/nodes')).allowed, true);
    assert.equal(asked.length, 1);
  });

  test('a webhook that authorizes is asked only where all conditions hold', async () => {
    const { may, asked } = await scene({ matchConditions: conditions }, [{ type: 'AlwaysDeny', name: 'none' }]);
    assert.equal((await may(pods)).allowed, true);
    assert.equal((await may('/api/v1/namespaces/bank/pods')).allowed, false);
    assert.equal((await may('/healthz')).allowed, false);
    assert.equal(asked.length, 1);
  });

  test('a webhook that authorizes has failed where a condition has no value and none is false', async () => {
    const { may } = await scene({ matchConditions: [conditions[1] as string] });
    assert.equal(
      (await may('/healthz')).error,
      "cel evaluation error: expression 'request.resourceAttributes.namespace == 'shop'' resulted in error: no such key: resourceAttributes",
    );
  });
});
