/**
 * Who a bearer token stands for that only a webhook knows. Loaded with the first token that this cluster has not made, where
 * there is such a webhook. Source: apiserver, plugin/pkg/authenticator/token/webhook/webhook.go
 */
import { createHash } from 'node:crypto';
import { isJsonObject, type JsonObject } from '../../../kube/object.ts';
import type { World } from '../../../world.ts';
import type { User } from '../../ports.ts';
import { keptAnswers } from '../review/kept-answers.ts';
import { askedInTurn, type PostReview, ReviewFailed } from '../review/post-review.ts';
import { TokenRefused, type TokenUser, type TokenUsers } from '../token-users.ts';
import { apiAudience } from '../tokens.ts';
import { UnreadableAnswer } from '../../webhook/answer-json.ts';
import type { TokenWebhookSettings } from './settings.ts';
import { reviewOf, statusOf } from './token-review.ts';

export interface WebhookUsersOptions {
  readonly settings: TokenWebhookSettings;
  readonly post: PostReview;
  readonly world: Pick<World, 'clock' | 'random' | 'log'>;
}

interface Answer {
  readonly found: TokenUser | undefined;
}

const answersMax = 8_192;
/** Source: apiserver, pkg/util/webhook/webhook.go (LoadKubeconfig) */
const timeoutMs = 30_000;
/** kube-apiserver keeps for this time who any token stands for. */
const knownMsMin = 10_000;

export function createWebhookUsers({ settings, post, world }: WebhookUsersOptions): TokenUsers {
  const { access, reviewVersion, keptMs } = settings;
  const kept = keptAnswers<Answer>(answersMax, world.clock);
  const open = new Map<string, Promise<Answer>>();

  async function asked(token: string, audiences: readonly string[]): Promise<Answer> {
    try {
      const review = reviewOf(token, audiences, reviewVersion);
      const answer = await askedInTurn(() => post(review, { access, timeoutMs }), world);
      return { found: userIn(statusOf(answer, reviewVersion), audiences) };
    } catch (error) {
      if (!(error instanceof ReviewFailed || error instanceof UnreadableAnswer)) throw error;
      world.log.error('a webhook does not authenticate', { server: access.server, reason: error.message });
      throw new TokenRefused(error.message, { cause: error });
    }
  }

  async function askedAndKept(question: string, token: string, audiences: readonly string[]): Promise<Answer> {
    try {
      const answer = await asked(token, audiences);
      kept.keep(question, answer, answer.found === undefined ? keptMs : Math.max(keptMs, knownMsMin));
      return answer;
    } finally {
      open.delete(question);
    }
  }

  return {
    async userOf(token, wanted = []) {
      const audiences = wanted.length > 0 ? wanted : [apiAudience];
      const question = createHash('sha256')
        .update(JSON.stringify([audiences, token]))
        .digest('base64');
      const known = kept.get(question);
      if (known !== undefined) return known.found;
      // Requests that come at once with one token are one question.
      const answer = open.get(question) ?? askedAndKept(question, token, audiences);
      open.set(question, answer);
      return (await answer).found;
    },
  };
}

/** Undefined: the token stands for no user, or is not for these audiences. */
function userIn(status: JsonObject, wanted: readonly string[]): TokenUser | undefined {
  const { authenticated, error, user, audiences } = status;
  const named = textsIn(audiences);
  const meant = named.length > 0 ? named : [apiAudience];
  const both = wanted.filter((audience) => meant.includes(audience));
  if (both.length === 0) return undefined;
  if (authenticated === true) return { user: userOf(isJsonObject(user) ? user : {}), audiences: both };
  if (typeof error === 'string' && error !== '') throw new TokenRefused(error);
  return undefined;
}

const textsIn = (value: unknown): string[] => (Array.isArray(value) ? value.filter((one) => typeof one === 'string') : []);

function userOf({ username, uid, groups, extra }: JsonObject): User {
  const values = Object.entries(isJsonObject(extra) ? extra : {}).map(([key, value]): [string, string[]] => [key, textsIn(value)]);
  return {
    name: typeof username === 'string' ? username : '',
    groups: textsIn(groups),
    ...(typeof uid === 'string' && uid !== '' ? { uid } : {}),
    ...(values.length === 0 ? {} : { extra: Object.fromEntries(values) }),
  };
}
