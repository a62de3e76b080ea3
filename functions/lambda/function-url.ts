/**
 * The API behind a Function URL: one request an environment, the answer streamed. The runtime does not report when a
 * client leaves, so no answer may last long; an answer without a body still writes once, or the connection would hang.
 * Source: AWS Lambda developer guide, "Response streaming" and "Invoking function URLs".
 */
import type { Writable } from 'node:stream';
import { dotSegmentProblem } from '../apiserver/http/path-names.ts';
import { boundedUrl } from './bounded-request.ts';
import type { Connection } from '../apiserver/ports.ts';
import type { InvocationContext } from './event-sources.ts';

/** Version 2.0 of the event, as far as it is read. */
export interface FunctionUrlEvent {
  readonly rawPath: string;
  readonly rawQueryString: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly isBase64Encoded?: boolean;
  readonly requestContext: { readonly domainName: string; readonly http: { readonly method: string; readonly sourceIp?: string } };
}

export interface ResponseHead {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
}

/** What the runtime puts into the global scope. */
export interface LambdaStreaming {
  streamifyResponse(handler: StreamHandler): unknown;
  readonly HttpResponseStream: { from(stream: Writable, head: ResponseHead): Writable };
}

export type StreamHandler = (event: FunctionUrlEvent, stream: Writable, context: InvocationContext) => Promise<void>;

export interface FunctionUrlOptions {
  readonly fetch: (request: Request, connection: Connection) => Promise<Response>;
  readonly streaming: Pick<LambdaStreaming, 'HttpResponseStream'>;
  /** Called before the invocation ends: what happens afterwards may never happen. */
  readonly settle: () => Promise<void>;
  /** The longest answer. Not limited when left out. */
  readonly answerBytesMax?: number;
}

/** A client that leaves is not noticed: a watch without a reader costs this much at most. */
const watchSecondsMax = 300;
/** Left for the end, when the function's own limit comes near. */
const lastMs = 5_000;

const isBodiless = (method: string): boolean => method === 'GET' || method === 'HEAD';

function requestOf(event: FunctionUrlEvent, secondsMax: number, signal: AbortSignal): Request {
  const { domainName, http } = event.requestContext;
  const url = new URL(`https://${domainName}${event.rawPath}`);
  url.search = event.rawQueryString;
  const body = event.body === undefined ? undefined : Buffer.from(event.body, event.isBase64Encoded === true ? 'base64' : 'utf8');
  return new Request(boundedUrl(url, secondsMax), {
    method: http.method,
    headers: event.headers,
    signal,
    ...(body === undefined || isBodiless(http.method) ? {} : { body }),
  });
}

/** Or closed. */
function untilDrained(stream: Writable): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const events = ['drain', 'close'] as const;
  for (const event of events) stream.once(event, resolve);
  return promise.finally(() => events.forEach((event) => stream.off(event, resolve)));
}

/** Writes until the body ends, the reader leaves, or the time is up. */
async function pass(body: ReadableStream<Uint8Array> | null, stream: Writable, signal: AbortSignal): Promise<void> {
  const reader = body?.getReader();
  const stop = (): void => void reader?.cancel().catch(() => undefined);
  signal.addEventListener('abort', stop, { once: true });
  stream.once('close', stop);
  stream.write('');
  for (;;) {
    const { done, value } = (await reader?.read()) ?? { done: true, value: undefined };
    if (value !== undefined && !stream.write(value)) await untilDrained(stream);
    if (done || stream.destroyed) break;
  }
  if (!stream.destroyed) stream.end();
}

export function createFunctionUrlHandler({ fetch, streaming, settle, answerBytesMax }: FunctionUrlOptions): StreamHandler {
  const carried: Connection = answerBytesMax === undefined ? {} : { answerBytesMax };
  return async (event, stream, context) => {
    const leftMs = context.getRemainingTimeInMillis() - lastMs;
    const ending = AbortSignal.timeout(Math.max(1, leftMs));
    const request = requestOf(event, Math.min(watchSecondsMax, leftMs / 1000 - 1), ending);
    const { sourceIp } = event.requestContext.http;
    const problem = dotSegmentProblem(event.rawPath);
    const answer = (): Promise<Response> => fetch(request, sourceIp === undefined ? carried : { ...carried, remoteAddress: sourceIp });
    const response = problem === undefined ? await answer() : Response.json(problem.toStatus(), { status: problem.code });
    const head = { statusCode: response.status, headers: Object.fromEntries(response.headers) };
    await pass(response.body, streaming.HttpResponseStream.from(stream, head), ending);
    await settle();
  };
}
