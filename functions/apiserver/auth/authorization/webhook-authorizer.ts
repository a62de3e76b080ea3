/** Asks a webhook whether a caller may, and keeps its answers for a while. Source: apiserver, plugin/pkg/authorizer/webhook/webhook.go. */
import { loadExpressions } from '../../../cel/program.ts';
import type { SubjectAccessReviewSpec, SubjectAccessReviewStatus } from '../../../kube/generated/types.ts';
import type { World } from '../../../world.ts';
import type { AuthorizationDecision, Authorizer, RequestAttributes } from '../../ports.ts';
import { compiledConditions, type Matches } from './match-conditions.ts';
import { reviewSpec } from './review-spec.ts';
import type { WebhookSettings } from './settings.ts';

/** POSTs a review. Throws a ReviewFailed where no answer came. */
export type AskReview = (spec: SubjectAccessReviewSpec, settings: WebhookSettings) => Promise<SubjectAccessReviewStatus>;

export class ReviewFailed extends Error {
  override name = 'ReviewFailed';
  /** The next try may succeed. */
  readonly mayPass: boolean;

  constructor(message: string, mayPass: boolean, options: ErrorOptions = {}) {
    super(message, options);
    this.mayPass = mayPass;
  }
}

export interface WebhookAuthorizerOptions {
  readonly settings: WebhookSettings;
  readonly ask: AskReview;
  readonly world: Pick<World, 'clock' | 'random' | 'log'>;
}

const answersMax = 8_192;
/** The longest question whose answer is kept, in characters; a caller can make it longer. */
const keptLengthMax = 10_000;
const triesMax = 5;
const firstPauseMs = 500;
const pauseFactor = 1.5;
const pauseSpread = 0.2;

interface KeptAnswer {
  readonly status: SubjectAccessReviewStatus;
  readonly untilMs: number;
}

export function createWebhookAuthorizer({ settings, ask, world }: WebhookAuthorizerOptions): Authorizer {
  const { clock, random, log } = world;
  const kept = new Map<string, KeptAnswer>();
  let conditions: Matches | undefined;

  const failed = (error: string): AuthorizationDecision => ({
    allowed: false,
    denied: settings.failurePolicy === 'Deny',
    reason: '',
    error,
  });

  async function askedInTurn(spec: SubjectAccessReviewSpec): Promise<SubjectAccessReviewStatus> {
    for (let [tries, pauseMs] = [1, firstPauseMs]; ; tries += 1, pauseMs *= pauseFactor) {
      try {
        return await ask(spec, settings);
      } catch (error) {
        if (!(error instanceof ReviewFailed) || !error.mayPass || tries === triesMax) throw error;
        await clock.sleep(pauseMs * (1 + pauseSpread * random.next()));
      }
    }
  }

  function keep(key: string, status: SubjectAccessReviewStatus): void {
    const keptMs = status.allowed ? settings.authorizedMs : settings.unauthorizedMs;
    if (keptMs === 0) return;
    const [oldest] = kept.keys();
    if (kept.size >= answersMax && oldest !== undefined) kept.delete(oldest);
    kept.set(key, { status, untilMs: clock.monotonicMs() + keptMs });
  }

  function known(key: string): SubjectAccessReviewStatus | undefined {
    const answer = kept.get(key);
    if (answer === undefined) return undefined;
    kept.delete(key);
    if (answer.untilMs <= clock.monotonicMs()) return undefined;
    // The one that was used last goes last.
    kept.set(key, answer);
    return answer.status;
  }

  return {
    async authorize(user, attributes) {
      const spec = reviewSpec(user, attributes);
      await loadExpressions();
      conditions ??= compiledConditions(settings.matchConditions);
      const matches = conditions(spec);
      if (matches === false) return { allowed: false, reason: '' };
      if (matches !== true) return failed(matches.problem);
      const key = JSON.stringify(spec);
      const found = known(key);
      if (found !== undefined) return decisionOf(found);
      try {
        const status = await askedInTurn(spec);
        if (controlledLength(attributes) < keptLengthMax) keep(key, status);
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
