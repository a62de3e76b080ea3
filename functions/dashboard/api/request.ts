/** Requests to the API with the user's token. No cookies, no other host. */
import { apiBase } from '../browser.ts';
import { currentToken, signOut } from './session.ts';

/** What the API refused, in its own words. */
export class ApiError extends Error {
  override name = 'ApiError';
  readonly status: number;
  readonly reason: string;
  constructor(status: number, reason: string, message: string) {
    super(message);
    this.status = status;
    this.reason = reason;
  }
}

export interface Ask {
  readonly method?: string;
  readonly accept?: string;
  readonly contentType?: string;
  readonly body?: unknown;
  readonly signal?: AbortSignal;
}

let onSignedOut: () => void = () => undefined;
export const whenSignedOut = (work: () => void): void => void (onSignedOut = work);

async function refusal(answer: Response): Promise<ApiError> {
  const text = await answer.text();
  let status: { readonly message?: string; readonly reason?: string } = {};
  try {
    status = JSON.parse(text) as typeof status;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  return new ApiError(answer.status, status.reason ?? answer.statusText, status.message ?? (text || `the API answered ${answer.status}`));
}

/** Throws an ApiError for every answer but a success. */
export async function ask(
  path: string,
  { method = 'GET', accept = 'application/json', contentType, body, signal }: Ask = {},
): Promise<Response> {
  const token = currentToken();
  const headers = {
    accept,
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    ...(body === undefined ? {} : { 'content-type': contentType ?? 'application/json' }),
  };
  const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
  const answer = await fetch(`${apiBase()}${path}`, {
    method,
    headers,
    credentials: 'omit',
    ...(text === undefined ? {} : { body: text }),
    ...(signal === undefined ? {} : { signal }),
  });
  if (answer.ok) return answer;
  const error = await refusal(answer);
  if (error.status === 401) {
    signOut();
    onSignedOut();
  }
  throw error;
}

export const askJson = async <T>(path: string, options?: Ask): Promise<T> => (await (await ask(path, options)).json()) as T;
