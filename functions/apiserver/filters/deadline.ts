/** An end for requests that are not meant to last. Source: apiserver, pkg/server/config.go and pkg/endpoints/handlers/create.go. */
import { StatusError } from '../../kube/status-error.ts';
import type { Clock } from '../../world.ts';

const readSecondsMax = 60;
const writeSecondsMax = 34;

export const deadlineSeconds = (method: string): number => (method === 'GET' || method === 'HEAD' ? readSecondsMax : writeSecondsMax);

/** The work goes on when its time is up: the client must read again to know how it ended. */
export function withDeadline<T>(clock: Clock, seconds: number, work: () => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const message = 'Timeout: request did not complete within requested timeout - context deadline exceeded';
    const cancel = clock.after(seconds * 1000, () => reject(new StatusError(504, 'Timeout', message)));
    work().then(resolve, reject).finally(cancel);
  });
}
