/**
 * Where the ends of tunnels by mail put entries and listen for them. A node's credentials decide who it is, and so do a caller's:
 * both are parts of a mailbox's name, so that an id alone opens nothing.
 */
import type { ListenRequest, MailedRelay, OpenTunnel } from '../../node-protocol/node-poll.ts';
import { badRequest, notFound, StatusError } from '../../kube/status-error.ts';
import { agentGroup } from '../../node-protocol/node-poll.ts';
import type { Store } from '../../store/store.ts';
import { patiently } from '../../tunnel/patient.ts';
import { entryBytesMax } from '../../tunnel/sealed-entry.ts';
import type { World } from '../../world.ts';
import { nodeOf } from '../auth/groups.ts';
import { readBytes } from '../http/request-body.ts';
import type { ApiRequest } from '../ports.ts';
import { isAnnouncedTo, waitingOf } from '../relay/waiting-relays.ts';
import { recordStream, type RecordSink } from './record-stream.ts';
import { callerOf, type TunnelAddress, type TunnelMail } from './tunnel-mail.ts';

export interface MailEndpointOptions extends Pick<World, 'clock' | 'log'> {
  readonly mail: TunnelMail;
  readonly store: Pick<Store, 'view' | 'onApplied'>;
  /** No answer lasts longer on this host. */
  readonly secondsMax: number;
}

export interface MailEndpoint {
  /** `relays/{id}/entries` of a node, `tunnels/{id}/entries` of a caller. */
  entries(call: ApiRequest): Promise<Response>;
  /** `nodes/{name}/listen`. */
  listen(call: ApiRequest): Promise<Response>;
}

const listenBytesMax = 1 << 20;
const tunnelsMax = 1_000;

function wholeNumber(url: URL, name: string, least: number): number {
  const number = Number(url.searchParams.get(name) ?? 'none');
  if (!Number.isSafeInteger(number) || number < least || number >= 2 ** 32)
    throw badRequest(`${name} must be a whole number from ${least}`);
  return number;
}

/** Throws for one who is not an end of a tunnel. */
function addressOf({ info, user, url }: ApiRequest): TunnelAddress {
  const { name: id } = info;
  if (info.resource === 'tunnels') return { nodeName: url.searchParams.get('node') ?? '', caller: callerOf(user), id };
  const nodeName = nodeOf(user);
  if (nodeName === undefined) throw notFound({ group: agentGroup, resource: 'relays' }, id);
  return { nodeName, caller: url.searchParams.get('caller') ?? '', id };
}

async function openTunnels(request: Request): Promise<readonly OpenTunnel[]> {
  const text = Buffer.from(await readBytes(request, listenBytesMax)).toString();
  try {
    const { tunnels } = JSON.parse(text === '' ? '{"tunnels":[]}' : text) as ListenRequest;
    if (!Array.isArray(tunnels) || tunnels.length > tunnelsMax || !tunnels.every(isOpenTunnel)) throw new TypeError('tunnels');
    return tunnels;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw badRequest(`the list of open tunnels cannot be read: ${error.message}`);
  }
}

const isOpenTunnel = ({ id, caller, after }: OpenTunnel): boolean =>
  typeof id === 'string' && typeof caller === 'string' && Number.isSafeInteger(after) && after >= 0;

export function createMailEndpoint(options: MailEndpointOptions): MailEndpoint {
  const { mail } = options;
  return {
    async entries(call) {
      const { request, info, url } = call;
      const address = addressOf(call);
      const direction = info.resource === 'tunnels' ? 'down' : 'up';
      if (request.method === 'POST') {
        const number = wholeNumber(url, 'number', 1);
        await mail.put(address, direction, { number, bytes: await readBytes(request, entryBytesMax) });
        return new Response(null, { status: 204 });
      }
      if (request.method !== 'GET' || info.resource !== 'tunnels')
        throw new StatusError(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource');
      const after = wholeNumber(url, 'after', 0);
      await mail.renew(address);
      return recordStream({ ...options, signal: request.signal }, (sink) => pass(mail, address, { direction: 'up', after, sink }));
    },
    async listen({ request, info }) {
      const known = await openTunnels(request);
      return recordStream({ ...options, signal: request.signal }, (sink) => new Listening(info.name, { ...options, sink }).run(known));
    },
  };
}

async function pass(
  mail: TunnelMail,
  address: TunnelAddress,
  { direction, after, sink }: { readonly direction: 'down' | 'up'; readonly after: number; readonly sink: RecordSink },
): Promise<void> {
  for await (const { number, bytes } of mail.entries(address, { direction, after, signal: sink.signal }))
    await sink.write({ type: 'entry', tunnel: address.id, number, bytes });
}

interface ListeningOptions extends MailEndpointOptions {
  readonly sink: RecordSink;
}

/** One node's: new tunnels as they are announced, and the entries of all that are open. */
class Listening {
  readonly #nodeName: string;
  readonly #options: ListeningOptions;
  readonly #open = new Set<string>();
  readonly #done = new Set<string>();

  constructor(nodeName: string, options: ListeningOptions) {
    this.#nodeName = nodeName;
    this.#options = options;
  }

  async run(known: readonly OpenTunnel[]): Promise<void> {
    const { store, sink } = this.#options;
    const { promise, resolve } = Promise.withResolvers<void>();
    for (const tunnel of known) void this.#pass(tunnel);
    const stop = store.onApplied((_revision, changes) => {
      if (changes.some((change) => isAnnouncedTo(change, this.#nodeName))) this.#greet();
    });
    this.#greet();
    sink.signal.addEventListener('abort', () => resolve(), { once: true });
    await promise;
    stop();
  }

  #greet(): void {
    const { store, clock } = this.#options;
    const waiting = waitingOf(store.view(), this.#nodeName, clock.now());
    const ids = new Set(waiting.map(({ id }) => id));
    for (const id of this.#done) if (!ids.has(id)) this.#done.delete(id);
    for (const relay of waiting) {
      const isNew = relay.transport === 'mail' && !this.#open.has(relay.id) && !this.#done.has(relay.id);
      if (isNew && this.#open.size < tunnelsMax) void this.#begin(relay);
    }
  }

  async #begin(relay: MailedRelay): Promise<void> {
    const { mail, sink } = this.#options;
    this.#open.add(relay.id);
    // Behind it: the node drops the entries of tunnels that it does not know.
    await this.#unlessFailed(async () => {
      await sink.write({ type: 'relay', relay: await patiently(this.#options, sink.signal, () => forNode(relay, this.#nodeName, mail)) });
      await this.#pass({ id: relay.id, caller: relay.caller, after: 0 });
    });
  }

  async #pass({ id, caller, after }: OpenTunnel): Promise<void> {
    const { mail, sink } = this.#options;
    this.#open.add(id);
    await this.#unlessFailed(() => pass(mail, { nodeName: this.#nodeName, caller, id }, { direction: 'down', after, sink }));
    this.#open.delete(id);
    this.#done.add(id);
  }

  /** One tunnel that cannot be carried leaves the others as they are: its ends notice the silence. */
  async #unlessFailed(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      this.#options.log.warn('a tunnel could not be carried', { node: this.#nodeName, error });
    }
  }
}

/** As the node gets it: with what is wanted, and the key. */
async function forNode(relay: MailedRelay, nodeName: string, mail: Pick<TunnelMail, 'keyOf' | 'requestOf'>): Promise<MailedRelay> {
  const address = { nodeName, caller: relay.caller, id: relay.id };
  return { ...relay, request: await mail.requestOf(address), key: Buffer.from(mail.keyOf(address)).toString('base64') };
}
