/** A webhook that a test answers for. What upstream does with the same answers, `npm run compare webhooks` compares. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type VirtualWorld, virtualWorld } from '../../../../test/support/virtual-world.ts';
import type { JsonObject } from '../../../kube/object.ts';
import { ReviewFailed } from '../review/post-review.ts';
import { TokenRefused, type TokenUsers } from '../token-users.ts';
import { apiAudience } from '../tokens.ts';
import type { TokenWebhookSettings } from './settings.ts';
import { createWebhookUsers } from './webhook-users.ts';

interface Scene {
  readonly world: VirtualWorld;
  readonly asked: object[];
  readonly users: TokenUsers;
  answer: () => JsonObject;
}

function scene(settings: Partial<TokenWebhookSettings> = {}): Scene {
  const world = virtualWorld();
  const asked: object[] = [];
  const post = async (review: object): Promise<JsonObject> => {
    asked.push(review);
    return { status: made.answer() };
  };
  const all: TokenWebhookSettings = { access: { server: 'https://127.0.0.1:1/' }, reviewVersion: 'v1', keptMs: 120_000, ...settings };
  const made: Scene = { world, asked, users: createWebhookUsers({ settings: all, post, world }), answer: () => ({ authenticated: false }) };
  return made;
}

const jane: JsonObject = {
  authenticated: true,
  user: { username: 'jane', uid: 'u1', groups: ['dev'], extra: { 'example.org/x': ['1'] } },
};

describe('a webhook that knows tokens', () => {
  test('it reads a review in its version, and its answer is the user', async () => {
    const made = scene({ reviewVersion: 'v1beta1' });
    made.answer = () => jane;
    assert.deepEqual(await made.users.userOf('t'), {
      user: { name: 'jane', uid: 'u1', groups: ['dev'], extra: { 'example.org/x': ['1'] } },
      audiences: [apiAudience],
    });
    assert.deepEqual(made.asked, [
      {
        kind: 'TokenReview',
        apiVersion: 'authentication.k8s.io/v1beta1',
        metadata: {},
        spec: { token: 't', audiences: [apiAudience] },
        status: { user: {} },
      },
    ]);
  });

  test('audiences are those that both name; without any, the token stands for no user', async () => {
    const made = scene();
    made.answer = () => ({ ...jane, audiences: ['a', 'b'] });
    assert.deepEqual((await made.users.userOf('t', ['c', 'b', 'a']))?.audiences, ['b', 'a']);
    assert.equal(await made.users.userOf('t', ['c']), undefined);
    made.answer = () => jane;
    assert.equal(await made.users.userOf('u', ['a']), undefined);
    assert.deepEqual((await made.users.userOf('u', ['a', apiAudience]))?.audiences, [apiAudience]);
  });

  test('an answer is kept for its time, be the token known or not', async () => {
    for (const [status, isKnown] of [[jane, true] as const, [{ authenticated: false }, false] as const]) {
      const made = scene();
      made.answer = () => status;
      for (const afterMs of [0, 119_000, 2_000]) {
        await made.world.advance(afterMs);
        assert.equal((await made.users.userOf('t')) !== undefined, isKnown);
      }
      assert.equal(made.asked.length, 2);
    }
  });

  test('without a time to keep answers, known tokens are kept for ten seconds and others not at all', async () => {
    const made = scene({ keptMs: 0 });
    for (const token of ['known', 'unknown']) {
      made.answer = () => (token === 'known' ? jane : { authenticated: false });
      made.asked.length = 0;
      for (const afterMs of [0, 9_000, 2_000]) {
        await made.world.advance(afterMs);
        await made.users.userOf(token);
      }
      assert.equal(made.asked.length, token === 'known' ? 2 : 3);
    }
  });

  test('requests that come at once with one token ask once', async () => {
    const made = scene();
    made.answer = () => jane;
    await Promise.all(['t', 't', 't', 'u'].map((token) => made.users.userOf(token)));
    assert.equal(made.asked.length, 2);
  });

  test('its error is the reason for a refusal, and is asked for again', async () => {
    const made = scene();
    made.answer = () => ({ authenticated: false, error: 'the token is over' });
    for (let time = 0; time < 2; time += 1) await assert.rejects(made.users.userOf('t'), new TokenRefused('the token is over'));
    assert.equal(made.asked.length, 2);
  });

  test('a server that cannot be reached is asked five times, and then the token is refused', async () => {
    const made = scene();
    made.answer = () => {
      throw new ReviewFailed('Post "https://127.0.0.1:1/": connection refused', true);
    };
    const refused = assert.rejects(made.users.userOf('t'), TokenRefused);
    for (let pause = 0; pause < 5; pause += 1) await made.world.advance(5_000);
    await refused;
    assert.equal(made.asked.length, 5);
  });
});
