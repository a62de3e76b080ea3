/**
 * Upgrades for clients of an API whose host carries none: kubectl's WebSocket or SPDY goes through a tunnel by mail, of
 * which this is the caller's end. The bytes are the client's and the container's; nothing here reads them.
 */
import { STATUS_CODES, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { mailedUpgradeHeader, ticketType, type TunnelTicket } from '../../functions/node-protocol/mailed-upgrade.ts';
import { StatusError } from '../../functions/kube/status-error.ts';
import { MailedStream } from '../../functions/tunnel/mailed-stream.ts';
import type { World } from '../../functions/world.ts';
import { answeredPings } from '../relay/answered-pings.ts';
import { splice } from '../relay/splice.ts';
import { type Ask, bodyOf, requestCarrier } from './mailed-carrier.ts';

export interface MailedUpgradeOptions {
  readonly world: Pick<World, 'clock' | 'random' | 'log'>;
  readonly ask: Ask;
  /** Aborts when all open connections are to end. */
  readonly ended: AbortSignal;
  /** Headers of the client's request, without those of its connection. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

/** A server in a pod is spoken to in whatever way the client and it agree on. */
const toContainer = /\/pods\/[^/]+\/(exec|attach|portforward)(\?|$)/;
const acceptMsMax = 40_000;
/** Headers that identify the client; each request of its tunnel carries them. */
const ofCaller = /^(authorization|impersonate-.*)$/;

export async function serveUpgrade(
  { world, ask, ended, headers }: MailedUpgradeOptions,
  { method = 'GET', url: path = '/', headers: { upgrade = '' } }: Pick<IncomingMessage, 'method' | 'url' | 'headers'>,
  { socket, head }: { readonly socket: Duplex; readonly head: Uint8Array },
): Promise<void> {
  socket.on('error', () => socket.destroy());
  const answer = await ask({ method, path, headers: { ...headers, 'content-length': undefined, [mailedUpgradeHeader]: upgrade } });
  const body = await bodyOf(answer);
  if (answer.statusCode !== 201 || answer.headers['content-type'] !== ticketType) return write(socket, answer, body);
  const ticket = JSON.parse(body.toString()) as TunnelTicket;
  const own = Object.fromEntries(Object.entries(headers).filter(([name]) => ofCaller.test(name)));
  // One of several clusters behind a host has a path.
  const under = path.slice(0, Math.max(0, path.search(/\/apis?\//)));
  const carrier = requestCarrier(ticket, {
    ...world,
    ended,
    ask: (asked) => ask({ ...asked, path: under + asked.path, headers: { ...own, ...asked.headers } }),
  });
  const key = Buffer.from(ticket.key, 'base64');
  const stream = new MailedStream({ ...world, tunnel: ticket.id, key, side: 'caller', carrier });
  stream.on('error', () => stream.destroy());
  socket.once('close', () => stream.destroy());
  try {
    await accepted(stream, world.clock);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    stream.destroy();
    return refuse(socket, error instanceof StatusError ? error : new StatusError(503, 'ServiceUnavailable', error.message));
  }
  if (ticket.head !== undefined) stream.write(Buffer.from(ticket.head, 'base64'));
  // Those of the client need no entries.
  const answered = answeredPings(stream, toContainer.test(path) ? upgrade : undefined);
  if (head.length > 0) answered.write(head);
  await splice(socket, answered);
}

async function accepted(stream: MailedStream, clock: World['clock']): Promise<void> {
  const late = Promise.withResolvers<never>();
  const cancel = clock.after(acceptMsMax, () => late.reject(new StatusError(504, 'Timeout', 'the node did not answer in time')));
  try {
    await Promise.race([stream.accepted, late.promise]);
  } finally {
    cancel();
  }
}

/** The API's own answer, which is none to an upgrade. */
function write(socket: Duplex, { statusCode = 502, headers }: IncomingMessage, body: Uint8Array): void {
  const type = headers['content-type'];
  respond(socket, statusCode, type === undefined ? {} : { 'content-type': type }, body);
}

export function refuse(socket: Duplex, error: StatusError): void {
  respond(socket, error.code, { 'content-type': 'application/json' }, Buffer.from(JSON.stringify(error.toStatus())));
}

function respond(socket: Duplex, code: number, headers: Readonly<Record<string, string>>, body: Uint8Array): void {
  const all = { ...headers, 'content-length': String(body.length), connection: 'close' };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`HTTP/1.1 ${code} ${STATUS_CODES[code] ?? ''}\r\n${lines.join('')}\r\n`);
  socket.end(body);
}
