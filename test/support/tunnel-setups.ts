/** An API and a node for each carrier of tunnels, in virtual time and without sockets. */
import type { ClientRequest } from 'node:http';
import { Duplex, PassThrough, Readable } from 'node:stream';
import { createMailedTunnels } from '../../agent/relay/mailed-tunnels.ts';
import { createTunnels as createNodeTunnels } from '../../agent/relay/tunnel.ts';
import type { Transport } from '../../agent/transport.ts';
import type { ApiRequest, User } from '../../functions/apiserver/ports.ts';
import type { Mail } from '../../functions/apiserver/relay/mailbox.ts';
import { createRelayHub } from '../../functions/apiserver/relay/relay-hub.ts';
import { waitingOf } from '../../functions/apiserver/relay/waiting-relays.ts';
import { createTunnels } from '../../functions/apiserver/tunnel/tunnels.ts';
import { createTunnelsByMail, type TunnelsByMail } from '../../functions/apiserver/tunnel/tunnels-by-mail.ts';
import { createFollower } from '../../functions/lambda/follower.ts';
import { entriesPath, listenPath } from '../../functions/node-protocol/node-poll.ts';
import { StatusError } from '../../functions/kube/status-error.ts';
import { createStore } from '../../functions/store/create-store.ts';
import { memoryTable } from '../../functions/store/memory/memory-table.ts';
import type { Table } from '../../functions/store/table.ts';
import { requestInfoOf } from '../../functions/apiserver/http/request-info.ts';
import type { TunnelSetup } from '../contract/tunnel.contract.ts';
import { type VirtualWorld, virtualWorld } from './virtual-world.ts';

const soonMs = 300;

/** One end of a connection in this process. Breaks when the other one is destroyed, as sockets do. */
class SocketEnd extends Duplex {
  peer: SocketEnd | undefined;
  #onRead: () => void = () => undefined;

  override _read(): void {
    const onRead = this.#onRead;
    this.#onRead = () => undefined;
    onRead();
  }

  override _write(chunk: Buffer, _encoding: string, taken: () => void): void {
    this.peer?.receive(chunk, taken);
  }

  override _final(ended: () => void): void {
    this.peer?.receive(null, ended);
  }

  override _destroy(error: Error | null, destroyed: (error?: Error | null) => void): void {
    if (!this.readableEnded || !this.writableFinished) this.peer?.destroy(new Error('reset'));
    destroyed(error);
  }

  /** Calls back when there is room for more. */
  receive(chunk: Buffer | null, taken: () => void): void {
    if (this.push(chunk) || chunk === null) taken();
    else this.#onRead = taken;
  }
}

export function socketPair(): readonly [Duplex, Duplex] {
  const [one, other] = [new SocketEnd(), new SocketEnd()];
  [one.peer, other.peer] = [other, one];
  return [one, other];
}

/** What the node reaches, one after the other. */
function reached() {
  const next: (Duplex | StatusError)[] = [];
  return {
    put: (one: Duplex | StatusError) => void next.push(one),
    async take(): Promise<Duplex> {
      const one = next.shift();
      if (one === undefined || one instanceof StatusError) throw one ?? new StatusError(503, 'ServiceUnavailable', 'nothing is there');
      return one;
    },
  };
}

export async function relaySetup(): Promise<TunnelSetup> {
  const world = virtualWorld();
  const hub = createRelayHub(world);
  const ends = reached();
  const sockets = new Set<Duplex>();
  const transport: Pick<Transport, 'openStream' | 'openConnection'> = {
    openStream(id, headers) {
      const body = new PassThrough();
      const request = new Request('https://api', {
        method: 'POST',
        headers,
        body: Readable.toWeb(body) as ReadableStream,
        duplex: 'half',
      } as RequestInit);
      hub.answer(id, 'a', { transport: 'stream', request, finish: () => undefined });
      return body as unknown as ClientRequest;
    },
    async openConnection(id) {
      const [near, far] = socketPair();
      for (const one of [near, far]) one.on('error', () => one.destroy());
      sockets.add(near);
      hub.answer(id, 'a', { transport: 'upgrade', take: () => ({ socket: far, head: new Uint8Array() }) });
      return { socket: near, head: Buffer.alloc(0) };
    },
  };
  const tunnel = createNodeTunnels({ transport, reach: () => ends.take(), log: world.log });
  let isAlive = true;
  const known = new Set<string>();
  hub.onAsked(() =>
    world.clock.after(soonMs, () => {
      if (!isAlive) return;
      for (const relay of hub.pending('a')) {
        if (relay.transport !== 'tunnel' || known.has(relay.id)) continue;
        known.add(relay.id);
        void tunnel(relay);
      }
    }),
  );
  return {
    world,
    tunnels: createTunnels(hub),
    reaches: ends.put,
    killNode() {
      isAlive = false;
      for (const socket of sockets) socket.destroy();
    },
    close: async () => {},
  };
}

export interface MailSetupOptions {
  readonly world?: VirtualWorld;
  readonly table?: Table;
  /** What the API's processes see of the table's mailboxes. */
  readonly mail?: (table: Table) => Mail;
  readonly secondsMax?: number;
  /** Between two polls of the node. */
  readonly pollMs?: number;
}

export interface MailSetup extends TunnelSetup {
  readonly table: Table;
  /** The process that the node's agent talks to, and the one of its callers. */
  readonly processes: { readonly node: TunnelsByMail; readonly caller: TunnelsByMail };
  /** A request to the process that the node talks to. */
  ask(user: User, method: string, path: string, body?: Uint8Array): Promise<Response>;
  /** The field of polls by which the node listens though no tunnel is open. */
  listens(isWanted: boolean): void;
  /** The number of requests that the agent made. */
  requests(): number;
}

export const nodeUser = (name: string): User => ({ name: `system:node:${name}`, groups: ['system:nodes', 'system:authenticated'] });

export async function mailSetup(options: MailSetupOptions = {}): Promise<MailSetup> {
  const { world = virtualWorld(), secondsMax = 895, pollMs = soonMs } = options;
  const { table = memoryTable({ clock: world.clock }), mail = (whole: Mail) => whole } = options;
  const secret = new Uint8Array(32).fill(5);
  const process = async () => {
    const store = await createStore({ table, world, selectableFields: () => ({}) });
    return { store, byMail: createTunnelsByMail({ ...world, mail: mail(table), secret, store, secondsMax }) };
  };
  const [callers, nodes] = [await process(), await process()];
  const follower = createFollower(nodes.store, world);
  const dying = new AbortController();
  const ends = reached();
  let requests = 0;

  async function ask(user: User, method: string, path: string, body?: Uint8Array): Promise<Response> {
    const url = new URL(`https://api${path}`);
    const init = body === undefined ? {} : { body: Buffer.from(body) };
    const request = new Request(url, { method, ...init, signal: dying.signal });
    const call: ApiRequest = { request, url, info: requestInfoOf(method, url), user, connection: {} };
    const isListening = call.info.subresource === 'listen';
    return isListening ? nodes.byMail.endpoint.listen(call) : nodes.byMail.endpoint.entries(call);
  }
  async function agentAsk(path: string, body: Uint8Array): Promise<Response> {
    if (dying.signal.aborted) return new Promise(() => undefined);
    requests += 1;
    return ask(nodeUser('a'), 'POST', path, body);
  }
  const mailed = createMailedTunnels({
    world,
    signal: dying.signal,
    connect: () => ends.take(),
    transport: {
      async sendEntry({ id, caller }, { number, bytes }) {
        await agentAsk(`${entriesPath('relays', id)}?${new URLSearchParams({ caller, number: String(number) })}`, bytes);
      },
      async listen(tunnels) {
        const release = follower.hold();
        dying.signal.addEventListener('abort', release, { once: true });
        const { body } = await agentAsk(listenPath('a'), Buffer.from(JSON.stringify({ tunnels })));
        return withEnd(body!, release);
      },
    },
  });
  /** A held poll: it hears of the log's changes as long as it waits. */
  const poll = (): void => {
    if (dying.signal.aborted) return;
    void nodes.store.fresh().then(() => {
      if (waitingOf(nodes.store.view(), 'a', world.clock.now()).length > 0) mailed.announced();
      world.clock.after(pollMs, poll);
    });
  };
  poll();
  return {
    world,
    table,
    tunnels: callers.byMail.tunnels,
    processes: { node: nodes.byMail, caller: callers.byMail },
    reaches: ends.put,
    ask,
    listens: mailed.listen,
    requests: () => requests,
    killNode: () => dying.abort(new Error('the agent ended')),
    async close() {
      dying.abort(new Error('the test is over'));
      await world.advance(1_000);
      await callers.store.close();
      await nodes.store.close();
    },
  };
}

async function* withEnd(body: ReadableStream<Uint8Array>, end: () => void): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } finally {
    end();
  }
}
