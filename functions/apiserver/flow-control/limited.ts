/** Serves a request within the limits of its flow: a short one has a seat while it runs, a long one counts while it lasts. */
import type { Duplex } from 'node:stream';
import { bodyWithEnd } from '../http/body-with-end.ts';
import type { ApiRequest, Connection } from '../ports.ts';
import type { FlowControl } from './flow-control.ts';

/** How long a request lasts: a `watch` learns from its body when it ends, a `connection` carries bytes until one side leaves. */
export type Lasting = 'short' | 'watch' | 'connection';

export interface Limited {
  readonly call: ApiRequest;
  readonly lasting: Lasting;
  /** Its body is waited for before it gets a seat: that of a known user, which no other server is sent. */
  readonly isReceivedFirst: boolean;
  /** Headers of the answer, also of a refusal. */
  readonly headers: Map<string, string>;
  /** Called when an answer that lasts has come to its end. */
  readonly ended: () => void;
}

type Work = (call: ApiRequest) => Promise<Response>;

/** Throws TooManyRequests. */
export async function limited(control: FlowControl, parts: Limited, work: Work): Promise<Response> {
  const { call, lasting, isReceivedFirst, ended } = parts;
  if (lasting === 'connection') return connected(held(control, call, ended), call, work);
  if (!isReceivedFirst) return seated(control, parts, work);
  const release = await control.receive(call.user, call.request);
  try {
    return await seated(control, parts, work);
  } finally {
    release();
  }
}

async function seated(control: FlowControl, { call, lasting, headers, ended }: Limited, work: Work): Promise<Response> {
  const { user, info, request, connection } = call;
  const turn = control.turnOf(user, info, connection.user !== undefined);
  for (const [name, value] of Object.entries(turn.headers)) headers.set(name, value);
  const release = lasting === 'watch' ? held(control, call, ended) : undefined;
  try {
    await turn.begin(request.signal);
    const response = await work(release === undefined ? call : { ...call, ended: release });
    // A refusal that is no error, such as a page that is not found, has no body that lasts.
    if (!response.ok) release?.();
    return response;
  } catch (error) {
    release?.();
    throw error;
  } finally {
    // A watch has got what is there, and waits from now on.
    turn.end();
  }
}

/** Until the answer has come to its end, or the client left. */
function held(control: FlowControl, { user, info, request }: ApiRequest, ended: () => void): () => void {
  const release = control.hold(user, info);
  const end = (): void => {
    request.signal.removeEventListener('abort', end);
    release();
    ended();
  };
  request.signal.addEventListener('abort', end, { once: true });
  return end;
}

async function connected(release: () => void, call: ApiRequest, work: Work): Promise<Response> {
  const { upgrade } = call.connection;
  let socket: Duplex | undefined;
  const take: NonNullable<Connection['upgrade']>['take'] | undefined =
    upgrade &&
    (() => {
      const taken = upgrade.take();
      socket = taken.socket;
      socket.once('close', release);
      return taken;
    });
  try {
    const response = await work(take === undefined ? call : { ...call, connection: { ...call.connection, upgrade: { take } } });
    if (socket !== undefined) return response;
    // No client reads the body of an answer to HEAD.
    if (response.body === null || call.request.method === 'HEAD') {
      release();
      return response;
    }
    return new Response(bodyWithEnd(response.body, release), response);
  } catch (error) {
    release();
    throw error;
  }
}
