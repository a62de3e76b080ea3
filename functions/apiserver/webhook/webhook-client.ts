/**
 * POSTs a document to a webhook: by URL from here, by Service through a tunnel to one of its pods.
 * Source: apiserver, pkg/util/webhook/client.go; the messages are those of client-go's REST client and Go's net/http.
 */
import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { ServiceReference } from '../../kube/generated/types.ts';
import type { View } from '../../kube/view.ts';
import type { Clock } from '../../world.ts';
import { AnswerTooLong, limitedText } from '../http/limited-text.ts';
import type { HttpOverTunnel } from '../tunnel/http-over-tunnel.ts';
import { serviceEnd } from '../tunnel/service-end.ts';
import { answerJson, UnreadableAnswer } from './answer-json.ts';
import { goTlsError, refusalText } from './go-errors.ts';
import { type Redirect, redirectOf, redirectsMax } from './redirect.ts';

export interface WebhookTarget {
  readonly url?: string;
  readonly service?: ServiceReference;
  /** Base64 of PEM. */
  readonly caBundle?: string;
}

export interface WebhookClient {
  /** The answer's JSON. Throws a WebhookCallError with the reason why there is none. */
  post(target: WebhookTarget, body: object, limits: { readonly timeoutSeconds: number }): Promise<unknown>;
}

export interface WebhookClientOptions {
  readonly http: HttpOverTunnel;
  readonly view: () => View;
  random(): number;
  /** Set where tunnels go by mail. */
  readonly isByMail?: boolean;
  readonly clock: Pick<Clock, 'after'>;
}

export class WebhookCallError extends Error {
  override name = 'WebhookCallError';
}

const answerBytesMax = 16 << 20;
const defaultPort = 443;

interface Sent extends Redirect {
  readonly headers: OutgoingHttpHeaders;
  /** The body; none with GET. */
  readonly bytes?: Uint8Array;
  readonly signal: AbortSignal;
}

const portOf = ({ port }: ServiceReference): number => port ?? defaultPort;
const serverNameOf = ({ name, namespace }: ServiceReference): string => `${name}.${namespace}.svc`;

/** The webhook's URL in messages. */
function shownUrl({ url, service }: WebhookTarget, timeoutSeconds: number): URL {
  const base =
    service === undefined
      ? new URL(url ?? '')
      : new URL(
          `https://${serverNameOf(service)}:${portOf(service)}${service.path === undefined || service.path === '' ? '/' : service.path}`,
        );
  base.searchParams.set('timeout', `${timeoutSeconds}s`);
  return base;
}

const shownText = (url: URL, { service }: WebhookTarget): string =>
  service !== undefined && url.port === '' ? url.href.replace(`//${url.host}`, `//${url.host}:${defaultPort}`) : url.href;

const authorityOf = ({ caBundle }: WebhookTarget): string | undefined =>
  caBundle === undefined || caBundle === '' ? undefined : Buffer.from(caBundle, 'base64').toString();

type ServiceTarget = WebhookTarget & Required<Pick<WebhookTarget, 'service'>>;

const isByService = (target: WebhookTarget): target is ServiceTarget => target.service !== undefined;

async function sendByService(options: WebhookClientOptions, target: ServiceTarget, sent: Sent): Promise<IncomingMessage> {
  const { service } = target;
  const { name, namespace } = service;
  const end = serviceEnd({ namespace, name, port: portOf(service) }, { ...options, view: options.view() });
  const authority = authorityOf(target);
  const serverName = serverNameOf(service);
  const { message } = await options.http.send({
    end,
    tls: { serverName, ...(authority === undefined ? {} : { authority }) },
    method: sent.method,
    path: sent.url.pathname + sent.url.search,
    headers: { host: `${serverName}:${portOf(service)}`, ...sent.headers },
    ...(sent.bytes === undefined ? {} : { body: sent.bytes }),
    signal: sent.signal,
  });
  return message;
}

function sendByUrl(target: WebhookTarget, { url, method, headers, bytes, signal }: Sent): Promise<IncomingMessage> {
  const ca = authorityOf(target);
  const servername = isByService(target) ? serverNameOf(target.service) : undefined;
  return new Promise((resolve, reject) => {
    const call = httpsRequest(url, {
      method,
      headers,
      signal,
      ...(ca === undefined ? {} : { ca }),
      ...(servername === undefined ? {} : { servername }),
    });
    call.once('response', resolve);
    call.on('error', reject);
    call.end(bytes);
  });
}

const accept = { accept: 'application/json, */*' };

interface Answer {
  readonly message: IncomingMessage;
  readonly text: string;
}

/** Asks as long as an answer sends the client elsewhere. `asking` holds what was asked for last, which errors name. */
async function answered(options: WebhookClientOptions, target: WebhookTarget, bytes: Uint8Array, asking: Asking): Promise<Answer> {
  const asFirst = { ...accept, 'content-type': 'application/json', 'content-length': String(bytes.length) };
  const { host } = asking.asked.url;
  for (let redirects = 0; ; redirects += 1) {
    const { url, method } = asking.asked;
    if (url.protocol !== 'https:') throw new Error(`unsupported protocol scheme ${JSON.stringify(url.protocol.slice(0, -1))}`);
    const sent: Sent = { url, method, signal: asking.signal, ...(method === 'GET' ? { headers: accept } : { headers: asFirst, bytes }) };
    const isOfService = isByService(target) && url.host === host;
    const message = await (isOfService ? sendByService(options, target, sent) : sendByUrl(target, sent));
    const text = await limitedText(message, answerBytesMax);
    const { location } = message.headers;
    const next = redirectOf(message.statusCode ?? 0, location, asking.asked);
    if (next === undefined) return { message, text };
    if (redirects === redirectsMax - 1) {
      throw new WebhookCallError(`Post ${JSON.stringify(location)}: stopped after ${redirectsMax} redirects`);
    }
    asking.asked = next;
  }
}

interface Asking {
  readonly signal: AbortSignal;
  asked: Redirect;
}

export function createWebhookClient(options: WebhookClientOptions): WebhookClient {
  return {
    async post(target, body, { timeoutSeconds }) {
      const ending = new AbortController();
      const cancel = options.clock.after(timeoutSeconds * 1000, () => ending.abort());
      const asking: Asking = { signal: ending.signal, asked: { url: shownUrl(target, timeoutSeconds), method: 'POST' } };
      try {
        const { message, text } = await answered(options, target, Buffer.from(JSON.stringify(body)), asking);
        const { statusCode = 0 } = message;
        const contentType = message.headers['content-type'];
        if (statusCode < 200 || statusCode > 206) throw new WebhookCallError(refusalText(statusCode, text, contentType));
        return answerJson(text, statusCode, contentType);
      } catch (error) {
        if (error instanceof WebhookCallError) throw error;
        if (error instanceof AnswerTooLong || error instanceof UnreadableAnswer)
          throw new WebhookCallError(error.message, { cause: error });
        const why = ending.signal.aborted ? 'context deadline exceeded' : goTlsError(error);
        throw new WebhookCallError(`Post ${JSON.stringify(shownText(asking.asked.url, target))}: ${why}`, { cause: error });
      } finally {
        cancel();
      }
    },
  };
}
