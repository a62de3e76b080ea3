/** An end for requests that are not meant to last. Source: apiserver, pkg/server/config.go and pkg/endpoints/handlers/create.go. */
import { badRequest, StatusError } from '../../kube/status-error.ts';
import { parseDuration } from '../../kube/duration.ts';
import type { Clock } from '../../world.ts';

const readSecondsMax = 60;
const writeSecondsMax = 34;

const isRead = (method: string): boolean => method === 'GET' || method === 'HEAD';

/** What the caller asks for shortens the time, and never lengthens it. Throws 400 for what is no duration. */
export function deadlineSeconds(method: string, query: URLSearchParams): number {
  const most = isRead(method) ? readSecondsMax : writeSecondsMax;
  const asked = askedSeconds(query.get('timeout') ?? '');
  return asked > 0 ? Math.min(asked, most) : most;
}

const shownMax = 100;

function askedSeconds(text: string): number {
  if (text === '') return 0;
  try {
    return parseDuration(text.slice(0, shownMax)) / 1000;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw badRequest(`invalid timeout specified in the request URL - ${error.message}`);
  }
}

/** The work goes on when its time is up: the client must read again to know how it ended. */
export function withDeadline<T>(clock: Clock, seconds: number, work: () => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const message = 'Timeout: request did not complete within requested timeout - context deadline exceeded';
    const cancel = clock.after(seconds * 1000, () => reject(new StatusError(504, 'Timeout', message)));
    work().then(resolve, reject).finally(cancel);
  });
}
