/** POSTs a review to the server of a kubeconfig, again where the next try may succeed. Source: apiserver, pkg/util/webhook/webhook.go. */
import { type ClusterAccess, ConnectionError, createHttpsFetch, type HttpsFetch } from '../../../client/https-fetch.ts';
import { formatDuration } from '../../../kube/duration.ts';
import type { Json } from '../../../kube/object.ts';
import type { World } from '../../../world.ts';
import { AnswerTooLong, limitedText } from '../../http/limited-text.ts';
import { answerJson, UnreadableAnswer } from '../../webhook/answer-json.ts';
import { goTlsError, refusalText } from '../../webhook/go-errors.ts';

/** The server that is asked. */
export interface Reviewer {
  readonly access: ClusterAccess;
  readonly timeoutMs: number;
}

/** Resolves with the answer's JSON. Throws a ReviewFailed where there is none. */
export type PostReview = (review: object, reviewer: Reviewer) => Promise<Json>;

export class ReviewFailed extends Error {
  override name = 'ReviewFailed';
  /** The next try may succeed. */
  readonly mayPass: boolean;

  constructor(message: string, mayPass: boolean, options: ErrorOptions = {}) {
    super(message, options);
    this.mayPass = mayPass;
  }
}

const answerBytesMax = 1 << 20;
const tooManyRequests = 429;
const triesMax = 5;
const firstPauseMs = 500;
const pauseFactor = 1.5;
const pauseSpread = 0.2;

export async function askedInTurn<T>(ask: () => Promise<T>, { clock, random }: Pick<World, 'clock' | 'random'>): Promise<T> {
  for (let [tries, pauseMs] = [1, firstPauseMs]; ; tries += 1, pauseMs *= pauseFactor) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof ReviewFailed) || !error.mayPass || tries === triesMax) throw error;
      await clock.sleep(pauseMs * (1 + pauseSpread * random.next()));
    }
  }
}

export function createPostReview(): PostReview {
  const fetches = new Map<ClusterAccess, HttpsFetch>();
  return async (review, { access, timeoutMs }) => {
    const fetch = fetches.get(access) ?? createHttpsFetch(access);
    fetches.set(access, fetch);
    const request = new Request(urlOf(access, timeoutMs), {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify(review),
      signal: AbortSignal.timeout(timeoutMs),
    });
    try {
      return await answerOf(await fetch(request));
    } catch (error) {
      if (error instanceof ReviewFailed) throw error;
      if (error instanceof AnswerTooLong || error instanceof UnreadableAnswer)
        throw new ReviewFailed(error.message, false, { cause: error });
      const isLate = request.signal.aborted;
      if (!isLate && !(error instanceof ConnectionError)) throw error;
      const why = isLate ? 'context deadline exceeded' : goTlsError(error instanceof ConnectionError ? error.cause : error);
      throw new ReviewFailed(`Post ${JSON.stringify(request.url)}: ${why}`, error instanceof ConnectionError && !isLate, {
        cause: error,
      });
    }
  };
}

function urlOf({ server }: ClusterAccess, timeoutMs: number): URL {
  const url = new URL(server);
  url.searchParams.set('timeout', formatDuration(timeoutMs));
  return url;
}

async function answerOf(response: Response): Promise<Json> {
  const text = response.body === null ? '' : await limitedText(response.body, answerBytesMax);
  const { status } = response;
  const contentType = response.headers.get('content-type') ?? undefined;
  if (status < 200 || status > 206)
    throw new ReviewFailed(refusalText(status, text, contentType), status >= 500 || status === tooManyRequests);
  return answerJson(text, status, contentType) as Json;
}
