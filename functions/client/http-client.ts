/**
 * A Client over `fetch`: the network's, or an apiserver's in the same process. It adds nothing but the words of HTTP:
 * no cache, no retry.
 */
import type { Status } from '../kube/generated/types.ts';
import type { KubeList, KubeObject, ObjectName } from '../kube/object.ts';
import { nameOf, namespaceOf } from '../kube/object.ts';
import type { ResourceType } from '../kube/resource-type.ts';
import { apiVersionOf } from '../kube/resource-type.ts';
import { StatusError } from '../kube/status-error.ts';
import type { Client, DeleteOptions, ListOptions, ManyWrite, PatchOptions, Refused, WatchEvent, WatchOptions } from './client.ts';

export interface HttpClientOptions {
  readonly fetch: (request: Request) => Promise<Response>;
  /** Without a slash at the end. In process any will do. */
  readonly baseUrl?: string;
  /** Asked for each request: a token may be renewed meanwhile. */
  headers?(): Readonly<Record<string, string>>;
  /** Field managers and logs of the server see it. */
  readonly userAgent?: string;
}

interface Call {
  readonly method: string;
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly body?: unknown;
  readonly contentType?: string;
  readonly signal?: AbortSignal;
}

const everywhere = '';

export function collectionPath(type: ResourceType, namespace: string): string {
  const root = type.group === '' ? `/api/${type.version}` : `/apis/${apiVersionOf(type)}`;
  const place = type.namespaced && namespace !== everywhere ? `/namespaces/${encodeURIComponent(namespace)}` : '';
  return `${root}${place}/${type.resource}`;
}

export function objectPath(type: ResourceType, { namespace, name }: ObjectName, subresource?: string): string {
  const path = `${collectionPath(type, namespace)}/${encodeURIComponent(name)}`;
  return subresource === undefined || subresource === '' ? path : `${path}/${subresource}`;
}

const placeOf = (object: KubeObject): ObjectName => ({ namespace: namespaceOf(object), name: nameOf(object) });

const queryOf = ({ labelSelector, fieldSelector, limit, continue: token, resourceVersion }: ListOptions): Call['query'] => ({
  labelSelector,
  fieldSelector,
  limit,
  continue: token,
  resourceVersion,
});

/** A body names its version and kind. */
const typed = <T extends KubeObject>(type: ResourceType<T>, object: T): T => ({
  apiVersion: apiVersionOf(type),
  kind: type.kind,
  ...object,
});

export function createHttpClient(options: HttpClientOptions): Client {
  const send = (call: Call): Promise<Response> => options.fetch(requestOf(options, call));
  const answer = async <A>(call: Call): Promise<A> => (await checked(await send(call))).json() as Promise<A>;

  const client: Client = {
    get: (type, at) => answer({ method: 'GET', path: objectPath(type, at) }),
    getSubresource: (...[type, at, subresource, query = {}]) => answer({ method: 'GET', path: objectPath(type, at, subresource), query }),
    list: async <T extends KubeObject>(type: ResourceType<T>, list: ListOptions = {}) => {
      const path = collectionPath(type, list.namespace ?? everywhere);
      const { items, ...rest } = await answer<KubeList<T>>({ method: 'GET', path, query: queryOf(list) });
      // The list alone names the kind of its items.
      return { ...rest, items: items.map((item) => ({ apiVersion: apiVersionOf(type), kind: type.kind, ...item })) };
    },
    watch: (type, watch = {}) => watchEvents(type, watch, send),
    create: (type, object) => answer({ method: 'POST', path: collectionPath(type, namespaceOf(object)), body: typed(type, object) }),
    update: (type, object, subresource) =>
      answer({
        method: 'PUT',
        path: objectPath(type, placeOf(object), subresource),
        body: subresource === 'scale' ? object : typed(type, object),
      }),
    patch: (type, at, patch, { patchType = 'application/merge-patch+json', subresource }: PatchOptions = {}) =>
      answer({ method: 'PATCH', path: objectPath(type, at, subresource), body: patch, contentType: patchType }),
    delete: async (type, at, deletion = {}) => {
      await answer({ method: 'DELETE', path: objectPath(type, at), body: deleteBody(deletion) });
    },
    deleteCollection: async (type, list, deletion = {}) => {
      const path = collectionPath(type, list.namespace ?? everywhere);
      await answer({ method: 'DELETE', path, query: queryOf(list), body: deleteBody(deletion) });
    },
    createSubresource: (...[type, at, subresource, body, { dryRun = false } = {}]) =>
      answer({ method: 'POST', path: objectPath(type, at, subresource), body, query: { dryRun: dryRun ? 'All' : undefined } }),
    async writeMany(writes) {
      const refused: Refused[] = [];
      for (let done = 0; done < writes.length; done += requestsAtOnce) {
        const group = writes.slice(done, done + requestsAtOnce);
        refused.push(...(await Promise.all(group.map((write) => refusalOf(writeOne(client, write))))));
      }
      return refused;
    },
  };
  return client;
}

function writeOne(client: Client, write: ManyWrite): Promise<unknown> {
  const { verb, type } = write;
  switch (verb) {
    case 'create':
      return client.create(type, write.object);
    case 'post':
      return client.createSubresource(type, placeOf(write.body), write.subresource, write.body);
    case 'patch':
      return client.patch(type, write.at, write.patch, { patchType: write.patchType, subresource: write.subresource });
    case 'delete':
      return client.delete(type, write.at, write.options);
    default:
      return verb satisfies never;
  }
}

/** Fewer than the API lets one user have under way. */
const requestsAtOnce = 64;

async function refusalOf(write: Promise<unknown>): Promise<Refused> {
  try {
    await write;
    return undefined;
  } catch (error) {
    if (error instanceof StatusError) return error;
    throw error;
  }
}

const deleteBody = (options: DeleteOptions): object => ({ apiVersion: 'v1', kind: 'DeleteOptions', ...options });

function requestOf({ baseUrl = 'http://apiserver', headers, userAgent }: HttpClientOptions, call: Call): Request {
  const url = new URL(baseUrl + call.path);
  for (const [name, value] of Object.entries(call.query ?? {})) if (value !== undefined) url.searchParams.set(name, String(value));
  const all = new Headers({ accept: 'application/json', ...headers?.() });
  if (userAgent !== undefined) all.set('user-agent', userAgent);
  const { method, body, contentType = 'application/json', signal } = call;
  if (body === undefined) return new Request(url, { method, headers: all, signal: signal ?? null });
  all.set('content-type', contentType);
  return new Request(url, { method, headers: all, body: JSON.stringify(body), signal: signal ?? null });
}

/** The same response, unless it is a failure. */
async function checked(response: Response): Promise<Response> {
  if (response.ok) return response;
  throw statusErrorOf(response, await response.text());
}

/** What is between us and the server may answer with something else than a Status. */
function statusErrorOf(response: Response, text: string): StatusError {
  try {
    const status: unknown = JSON.parse(text);
    if (isStatus(status)) return StatusError.fromStatus(status);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  const reasons: Readonly<Record<number, StatusError['reason']>> = {
    401: 'Unauthorized',
    403: 'Forbidden',
    404: 'NotFound',
    503: 'ServiceUnavailable',
  };
  const message = text.trim() === '' ? `the server answered ${response.status}` : text.trim();
  return new StatusError(response.status, reasons[response.status] ?? 'InternalError', message);
}

const isStatus = (value: unknown): value is Status =>
  typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'Status' && 'metadata' in value;

async function* watchEvents<T extends KubeObject>(
  type: ResourceType<T>,
  options: WatchOptions,
  send: (call: Call) => Promise<Response>,
): AsyncGenerator<WatchEvent<T>, void, undefined> {
  const { namespace = everywhere, allowWatchBookmarks, timeoutSeconds, signal } = options;
  const query = { ...queryOf(options), watch: true, allowWatchBookmarks, timeoutSeconds };
  const response = await checked(
    await send({ method: 'GET', path: collectionPath(type, namespace), query, ...(signal === undefined ? {} : { signal }) }),
  );
  if (response.body === null) return;
  for await (const line of linesOf(response.body, signal)) {
    const event = JSON.parse(line) as WatchEvent<T>;
    if (event.type === 'ERROR') throw isStatus(event.object) ? StatusError.fromStatus(event.object) : new Error('the watch failed');
    yield event;
  }
}

/** Ends when the body ends or the signal is aborted; leaving the loop early closes the connection. */
async function* linesOf(body: ReadableStream<Uint8Array>, signal: AbortSignal | undefined): AsyncGenerator<string, void, undefined> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  const stop = (): void => void reader.cancel().catch(() => undefined);
  signal?.addEventListener('abort', stop, { once: true });
  let rest = '';
  try {
    while (signal?.aborted !== true) {
      const { done, value } = await reader.read();
      if (done) return;
      const lines = (rest + decoder.decode(value, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      yield* lines.filter((line) => line !== '');
    }
  } catch (error) {
    // An aborted fetch fails its body. The caller aborted it.
    if (signal?.aborted !== true) throw error;
  } finally {
    signal?.removeEventListener('abort', stop);
    stop();
  }
}
