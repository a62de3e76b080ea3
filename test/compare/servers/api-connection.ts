/** Requests to one API server over HTTPS, with everything of the answer that is compared. */
import { Agent, request as httpsRequest, type RequestOptions } from 'node:https';
import type { IncomingMessage } from 'node:http';
import { protobufType } from '../../../functions/apiserver/http/content-negotiation.ts';
import { DocumentError } from '../../../functions/kube/document-error.ts';
import { decodeProtobuf, decodeProtobufEvent } from '../../../functions/kube/protobuf.ts';

export interface SentRequest {
  readonly method: string;
  /** The request's path with its query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  /** Sent in place of a text. */
  readonly bytes?: Uint8Array | undefined;
}

export interface ReceivedAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly warnings: readonly string[];
  readonly text: string;
}

export interface OpenedWatch {
  /** The server has answered: what is written from now on is seen. */
  readonly answered: Promise<void>;
  /** What came until `count` lines were there, or `waitMs` passed; a few more milliseconds find what should not come. */
  collect(count: number, waitMs: number): Promise<ReceivedAnswer>;
}

export interface ApiConnection {
  send(request: SentRequest): Promise<ReceivedAnswer>;
  watch(request: SentRequest): OpenedWatch;
  close(): void;
}

export interface ApiAddress {
  readonly host: string;
  readonly port: number;
  /** Sent with every request. */
  readonly headers: Readonly<Record<string, string>>;
  /** The client's certificate, where no header proves who it is. */
  readonly certificate?: { readonly certificatePem: string; readonly keyPem: string };
}

/** What a server that fails in the middle of a request answers: Go closes the connection. */
export const hangUp: ReceivedAnswer = { status: 0, headers: {}, warnings: [], text: '' };

const answerTimeoutMs = 30_000;
const surplusWaitMs = 30;

/** Protobuf as the JSON of what it holds: each event of a watch on a line of its own. */
function textOf({ headers }: IncomingMessage, bytes: Buffer): string {
  const type = headers['content-type'] ?? '';
  if (!type.startsWith(protobufType)) return bytes.toString('utf8');
  try {
    return type.includes('stream=watch') ? eventTexts(bytes).join('') : JSON.stringify(decodeProtobuf(bytes).object);
  } catch (error) {
    if (!(error instanceof DocumentError)) throw error;
    // What is no message is compared byte by byte.
    return bytes.toString('latin1');
  }
}

/** Four bytes of its length come before each event. */
function eventTexts(bytes: Buffer): readonly string[] {
  const events: string[] = [];
  for (let rest = bytes; rest.length >= 4;) {
    const length = rest.readUInt32BE();
    if (rest.length < 4 + length) break;
    events.push(`${JSON.stringify(decodeProtobufEvent(rest.subarray(4, 4 + length)))}\n`);
    rest = rest.subarray(4 + length);
  }
  return events;
}

function received(message: IncomingMessage, text: string): ReceivedAnswer {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(message.headers)) if (typeof value === 'string') headers[name] = value;
  const warnings = message.rawHeaders.filter((_text, index, all) => index % 2 === 1 && all[index - 1]?.toLowerCase() === 'warning');
  return { status: message.statusCode ?? 0, headers, warnings, text };
}

export function connectApi({ host, port, headers: fixed, certificate }: ApiAddress): ApiConnection {
  const trust = { rejectUnauthorized: false, cert: certificate?.certificatePem, key: certificate?.keyPem };
  const agent = new Agent({ keepAlive: true, maxSockets: 32, ...trust });
  // A watch cannot be sent once more: it gets a connection that no request used before.
  const ofWatches = new Agent({ keepAlive: false, ...trust });
  const open = (
    { method, path, headers, body: text, bytes: body = text === undefined ? undefined : Buffer.from(text) }: SentRequest,
    through = agent,
  ): ReturnType<typeof httpsRequest> => {
    const length = body === undefined ? {} : { 'content-length': String(body.byteLength) };
    const options: RequestOptions = { agent: through, host, port, method, path, headers: { ...fixed, ...headers, ...length } };
    const outgoing = httpsRequest(options);
    outgoing.end(body);
    return outgoing;
  };
  const api: ApiConnection = {
    send: (request) =>
      new Promise((resolve, reject) => {
        const outgoing = open(request);
        let hasAnswer = false;
        outgoing.setTimeout(answerTimeoutMs, () => outgoing.destroy(new Error(`no answer to ${request.method} ${request.path}`)));
        // A kept connection may end just when it is used again: nothing was answered, and the request goes once more.
        outgoing.on('error', (cause) => {
          if (outgoing.reusedSocket && !hasAnswer) resolve(api.send(request));
          else if (!hasAnswer && 'code' in cause && cause.code === 'ECONNRESET') resolve(hangUp);
          else reject(new Error(`${request.method} https://${host}:${port}${request.path} failed: ${cause.message}`, { cause }));
        });
        outgoing.on('response', (message) => {
          hasAnswer = true;
          const parts: Buffer[] = [];
          message.on('data', (part: Buffer) => parts.push(part));
          message.on('error', reject);
          message.on('end', () => resolve(received(message, textOf(message, Buffer.concat(parts)))));
        });
      }),
    watch: (request) => openWatch(open(request, ofWatches)),
    close: () => agent.destroy(),
  };
  return api;
}

function openWatch(outgoing: ReturnType<typeof httpsRequest>): OpenedWatch {
  const parts: Buffer[] = [];
  let message: IncomingMessage | undefined;
  let hasEnded = false;
  let failure: Error | undefined;
  let changed = (): void => undefined;
  outgoing.on('error', (error) => {
    failure ??= error;
    changed();
  });
  outgoing.on('response', (response) => {
    message = response;
    response.on('error', () => undefined);
    response.on('data', (part: Buffer) => {
      parts.push(part);
      changed();
    });
    response.on('close', () => {
      hasEnded = true;
      changed();
    });
  });
  const text = (): string => (message === undefined ? '' : textOf(message, Buffer.concat(parts)));
  const lines = (): number => text().split('\n').length - 1;
  const answered = new Promise<void>((resolve) => {
    outgoing.once('response', () => resolve());
    outgoing.once('close', () => resolve());
  });
  return {
    answered,
    collect: (count, waitMs) =>
      new Promise((resolve, reject) => {
        const finish = (): void => {
          clearTimeout(deadline);
          changed = () => undefined;
          outgoing.destroy();
          if (message === undefined) reject(failure ?? new Error('a watch got no answer'));
          else resolve(received(message, text()));
        };
        const deadline = setTimeout(finish, waitMs);
        changed = () => {
          if (hasEnded || failure !== undefined) finish();
          else if (lines() >= count) {
            changed = () => undefined;
            setTimeout(finish, surplusWaitMs);
          }
        };
        changed();
      }),
  };
}
