/**
 * POSTs a document to a webhook: by URL from here, by Service through a tunnel to one of its pods.
 * Source: apiserver, pkg/util/webhook/client.go; the messages are those of client-go's REST client and Go's net/http.
 */
import { boundedJson } from '../../kube/bounded-json.ts';
import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { ServiceReference } from '../../kube/generated/types.ts';
import { parseJson } from '../../kube/json-document.ts';
import type { View } from '../../kube/view.ts';
import type { Clock } from '../../world.ts';
import { AnswerTooLong, limitedText } from '../http/limited-text.ts';
import type { HttpOverTunnel } from '../tunnel/http-over-tunnel.ts';
import { serviceEnd } from '../tunnel/service-end.ts';
import { goTlsError, refusalText } from './go-errors.ts';

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
  /** Tunnels go by mail. */
  readonly isByMail?: boolean;
  readonly clock: Pick<Clock, 'after'>;
}

export class WebhookCallError extends Error {
  override name = 'WebhookCallError';
}

const answerBytesMax = 16 << 20;
const defaultPort = 443;

interface Sent {
  readonly path: string;
  readonly headers: OutgoingHttpHeaders;
  readonly bytes: Uint8Array;
  readonly signal: AbortSignal;
}

const portOf = ({ port }: ServiceReference): number => port ?? defaultPort;
const serverNameOf = ({ name, namespace }: ServiceReference): string => `${name}.${namespace}.svc`;

/** As messages name it. */
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
    method: 'POST',
    path: sent.path,
    headers: { host: `${serverName}:${portOf(service)}`, ...sent.headers },
    body: sent.bytes,
    signal: sent.signal,
  });
  return message;
}

function sendByUrl(url: URL, target: WebhookTarget, { headers, bytes, signal }: Sent): Promise<IncomingMessage> {
  const ca = authorityOf(target);
  return new Promise((resolve, reject) => {
    const call = httpsRequest(url, { method: 'POST', headers, signal, ...(ca === undefined ? {} : { ca }) });
    call.once('response', resolve);
    call.on('error', reject);
    call.end(bytes);
  });
}

const goTypeMeta =
  'Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }';

function parsed(text: string): unknown {
  try {
    return boundedJson(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    // YAML is taken as well, in which a word is a text.
    const why = /^\s*[[{]/.test(text) ? goProblem(text) : `json: cannot unmarshal string into ${goTypeMeta}`;
    throw new WebhookCallError(`couldn't get version/kind; json parse error: ${why}`, { cause: error });
  }
}

/** What Go reports of a text that is no JSON. */
function goProblem(text: string): string {
  try {
    parseJson(text);
    return '';
  } catch (error) {
    if (error instanceof Error) return error.message;
    throw error;
  }
}

export function createWebhookClient(options: WebhookClientOptions): WebhookClient {
  return {
    async post(target, body, { timeoutSeconds }) {
      const url = shownUrl(target, timeoutSeconds);
      const ending = new AbortController();
      const cancel = options.clock.after(timeoutSeconds * 1000, () => ending.abort());
      const bytes = Buffer.from(JSON.stringify(body));
      const headers = { 'content-type': 'application/json', accept: 'application/json, */*', 'content-length': String(bytes.length) };
      const sent: Sent = { path: url.pathname + url.search, headers, bytes, signal: ending.signal };
      try {
        const message = await (isByService(target) ? sendByService(options, target, sent) : sendByUrl(url, target, sent));
        const text = await limitedText(message, answerBytesMax);
        const { statusCode = 0 } = message;
        const contentType = message.headers['content-type'];
        if (statusCode < 200 || statusCode > 206) throw new WebhookCallError(refusalText(statusCode, text, contentType));
        if (text === '')
          throw new WebhookCallError(`0-length response with status code: ${statusCode} and content type: ${contentType ?? ''}`);
        return parsed(text);
      } catch (error) {
        if (error instanceof WebhookCallError) throw error;
        if (error instanceof AnswerTooLong) throw new WebhookCallError(error.message, { cause: error });
        const why = ending.signal.aborted ? 'context deadline exceeded' : goTlsError(error);
        throw new WebhookCallError(`Post ${JSON.stringify(shownText(url, target))}: ${why}`, { cause: error });
      } finally {
        cancel();
      }
    },
  };
}
