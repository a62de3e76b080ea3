/** Asks a webhook whether a caller may, and keeps its answers for a while. Source: apiserver, plugin/pkg/authorizer/webhook/webhook.go. */
import { loadExpressions } from '../../../cel/program.ts';
import type { SubjectAccessReviewSpec, SubjectAccessReviewStatus } from '../../../kube/generated/types.ts';
import type { World } from '../../../world.ts';
import type { AuthorizationDecision, Authorizer, RequestAttributes } from '../../ports.ts';
import { keptAnswers } from '../review/kept-answers.ts';
import { askedInTurn, ReviewFailed } from '../review/post-review.ts';
import { compiledConditions, type Matches } from './match-conditions.ts';
import { reviewSpec } from './review-spec.ts';
import type { WebhookSettings } from './settings.ts';

/** POSTs a review. Throws a ReviewFailed where no answer came. */
export type AskReview = (spec: SubjectAccessReviewSpec, settings: WebhookSettings) => Promise<SubjectAccessReviewStatus>;

export interface WebhookAuthorizerOptions {
  readonly settings: WebhookSettings;
  readonly ask: AskReview;
  readonly world: Pick<World, 'clock' | 'random' | 'log'>;
}

const answersMax = 8_192;
/** The longest question whose answer is kept, in characters; a caller can make it longer. */
const keptLengthMax = 10_000;

export function createWebhookAuthorizer({ settings, ask, world }: WebhookAuthorizerOptions): Authorizer {
  const { clock, log } = world;
  const kept = keptAnswers<SubjectAccessReviewStatus>(answersMax, clock);
  let conditions: Matches | undefined;

  const failed = (error: string): AuthorizationDecision => ({
    allowed: false,
    denied: settings.failurePolicy === 'Deny',
    reason: '',
    error,
  });

  return {
    async authorize(user, attributes) {
      const spec = reviewSpec(user, attributes);
      await loadExpressions();
      conditions ??= compiledConditions(settings.matchConditions);
      const matches = conditions(spec);
      if (matches === false) return { allowed: false, reason: '' };
      if (matches !== true) return failed(matches.problem);
      const key = JSON.stringify(spec);
      const found = kept.get(key);
      if (found !== undefined) return decisionOf(found);
      try {
        const status = await askedInTurn(() => ask(spec, settings), world);
        const forMs = status.allowed ? settings.authorizedMs : settings.unauthorizedMs;
        if (controlledLength(attributes) < keptLengthMax) kept.keep(key, status, forMs);
        return decisionOf(status);
      } catch (error) {
        if (!(error instanceof ReviewFailed)) throw error;
        log.error('a webhook does not authorize', { server: settings.access.server, reason: error.message });
        return failed(error.message);
      }
    },
  };
}

const controlledLength = ({ namespace, verb, group, version, resource, subresource, name, path }: RequestAttributes): number =>
  [namespace, verb, group, version, resource, subresource, name, path].join('').length;

function decisionOf({ allowed, denied = false, reason = '' }: SubjectAccessReviewStatus): AuthorizationDecision {
  if (!denied) return { allowed, reason };
  const both = allowed ? { error: 'webhook subject access review returned both allow and deny response' } : {};
  return { allowed: false, denied: true, reason, ...both };
}
