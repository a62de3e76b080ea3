/** What an answer must never be: a server that failed, one that hung up, or none in time. */
import { type ApiConnection, hangUp, type ReceivedAnswer, type SentRequest } from '../compare/servers/api-connection.ts';

export interface Failure {
  readonly request: string;
  readonly why: string;
}

/** How much of a document is shown. */
const shownMax = 4000;

/** Upstream answers some wrong documents with 500 and a sentence about them; of this one, only our log has the cause. */
const isFailure = ({ status, text }: ReceivedAnswer): boolean =>
  status === 0 || (status >= 500 && (status !== 500 || text.includes('the request could not be served')));

const textOf = ({ method, path, headers, body = '' }: SentRequest): string =>
  `${method} ${path} ${headers['content-type'] ?? ''}\n${body.slice(0, shownMax)}`;

export interface WatchedConnection {
  readonly api: ApiConnection;
  readonly failures: readonly Failure[];
  /** How many requests were answered. */
  readonly answered: number;
}

/** The connection, and what fails on it. A request without an answer counts, and the next one is sent all the same. */
export function watchFailures(inner: ApiConnection): WatchedConnection {
  const failures: Failure[] = [];
  let answered = 0;
  const api: ApiConnection = {
    ...inner,
    async send(request) {
      try {
        const answer = await inner.send(request);
        answered += 1;
        if (isFailure(answer)) failures.push({ request: textOf(request), why: `${answer.status} ${answer.text}` });
        return answer;
      } catch (error) {
        failures.push({ request: textOf(request), why: error instanceof Error ? error.message : String(error) });
        return hangUp;
      }
    },
  };
  return {
    api,
    failures,
    get answered() {
      return answered;
    },
  };
}
