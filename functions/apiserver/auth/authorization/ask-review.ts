/** POSTs a SubjectAccessReview to the server of a kubeconfig. Source: apiserver, pkg/util/webhook/webhook.go. */
import { type ClusterAccess, ConnectionError, createHttpsFetch, type HttpsFetch } from '../../../client/https-fetch.ts';
import type { SubjectAccessReviewSpec, SubjectAccessReviewStatus } from '../../../kube/generated/types.ts';
import { boundedJson } from '../../../kube/bounded-json.ts';
import { formatDuration } from '../../../kube/duration.ts';
import { AnswerTooLong, limitedText } from '../../http/limited-text.ts';
import { goTlsError, refusalText } from '../../webhook/go-errors.ts';
import { type AskReview, ReviewFailed } from './webhook-authorizer.ts';
import type { WebhookSettings } from './settings.ts';
import { isJsonObject } from '../../../kube/object.ts';

const answerBytesMax = 1 << 20;
const tooManyRequests = 429;

export function createAskReview(): AskReview {
  const fetches = new Map<ClusterAccess, HttpsFetch>();
  return async (spec, settings) => {
    const { access, timeoutMs } = settings;
    const fetch = fetches.get(access) ?? createHttpsFetch(access);
    fetches.set(access, fetch);
    const request = new Request(urlOf(settings), {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify(reviewOf(spec, settings)),
      signal: AbortSignal.timeout(timeoutMs),
    });
    try {
      return await statusOf(await fetch(request));
    } catch (error) {
      if (error instanceof ReviewFailed) throw error;
      if (error instanceof AnswerTooLong) throw new ReviewFailed(error.message, false, { cause: error });
      const isLate = request.signal.aborted;
      if (!isLate && !(error instanceof ConnectionError) && !(error instanceof SyntaxError)) throw error;
      const why = isLate ? 'context deadline exceeded' : goTlsError(error instanceof ConnectionError ? error.cause : error);
      throw new ReviewFailed(`Post ${JSON.stringify(request.url)}: ${why}`, error instanceof ConnectionError && !isLate, {
        cause: error,
      });
    }
  };
}

function urlOf({ access, timeoutMs }: WebhookSettings): URL {
  const url = new URL(access.server);
  url.searchParams.set('timeout', formatDuration(timeoutMs));
  return url;
}

/** v1beta1 has `group` where v1 has `groups`. */
function reviewOf({ groups, ...spec }: SubjectAccessReviewSpec, { reviewVersion }: WebhookSettings): object {
  const named = groups === undefined ? {} : { [reviewVersion === 'v1' ? 'groups' : 'group']: groups };
  return {
    kind: 'SubjectAccessReview',
    apiVersion: `authorization.k8s.io/${reviewVersion}`,
    metadata: {},
    spec: { ...spec, ...named },
    status: { allowed: false },
  };
}

async function statusOf(response: Response): Promise<SubjectAccessReviewStatus> {
  const text = response.body === null ? '' : await limitedText(response.body, answerBytesMax);
  const { status: code } = response;
  if (code < 200 || code > 206)
    throw new ReviewFailed(
      refusalText(code, text, response.headers.get('content-type') ?? undefined),
      code >= 500 || code === tooManyRequests,
    );
  const review = boundedJson(text);
  const { allowed, denied, reason } = isJsonObject(review) && isJsonObject(review['status']) ? review['status'] : {};
  return { allowed: allowed === true, denied: denied === true, ...(typeof reason === 'string' ? { reason } : {}) };
}
