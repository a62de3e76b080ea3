/**
 * The node's ends of tunnels that go by mail. While one is open, and a while after, one request is: its streamed answer
 * brings new tunnels and the entries of those that are open. The node's own entries are requests of their own.
 *
 *   poll: "a caller waits" ─▶ listen ─▶ relay, entry, entry … ─▶ MailedStream ◀─▶ port, container, node
 *                                       POST entries ◀──────────────┘
 */
import type { Duplex } from 'node:stream';
import type { MailedRelay, OpenTunnel, TunnelledRequest } from '../../functions/node-protocol/node-poll.ts';
import { StatusError } from '../../functions/kube/status-error.ts';
import type { Carrier, NumberedEntry } from '../../functions/tunnel/carrier.ts';
import { MailedStream } from '../../functions/tunnel/mailed-stream.ts';
import { patiently } from '../../functions/tunnel/patient.ts';
import { recordsOf, tickMissingMs, type TunnelRecord } from '../../functions/tunnel/records.ts';
import type { World } from '../../functions/world.ts';
import { nap } from '../repeat.ts';
import type { Transport } from '../transport.ts';
import { splice } from './splice.ts';
import { jointSignal } from '../joint-signal.ts';

export interface MailedTunnelOptions {
  readonly world: World;
  readonly transport: Pick<Transport, 'sendEntry' | 'listen'>;
  /** Connects what the caller wants. Throws a StatusError that the caller gets. */
  connect(request: TunnelledRequest): Promise<Duplex>;
  /** Aborts when all open tunnels are to end. */
  readonly signal: AbortSignal;
}

export interface MailedTunnels {
  /** A poll announced a tunnel: listens, if it does not listen yet. */
  announced(): void;
  /** Whether the agent listens though no tunnel is open. */
  readonly listen: (isWanted: boolean) => void;
}

/** After the last tunnel the agent listens on: the next one then waits for no poll. */
const lingerMs = 60_000;
const relistenMs = { first: 500, last: 10_000, slower: 2 };
/** Ids of tunnels that were opened here: an announcement may come again. */
const knownMax = 2_000;
const entryMsMax = 15_000;

interface Mailbox {
  readonly caller: string;
  after: number;
  readonly put: (entry: NumberedEntry) => void;
}

export function createMailedTunnels(options: MailedTunnelOptions): MailedTunnels {
  return new Listener(options);
}

class Listener implements MailedTunnels {
  readonly #options: MailedTunnelOptions;
  readonly #open = new Map<string, Mailbox>();
  readonly #known = new Set<string>();
  #isListening = false;
  #untilMs = 0;
  #isKept = false;

  readonly listen = (isWanted: boolean): void => {
    this.#isKept = isWanted;
    if (isWanted) this.#start();
  };

  constructor(options: MailedTunnelOptions) {
    this.#options = options;
  }

  announced(): void {
    this.#linger();
    this.#start();
  }

  #start(): void {
    if (this.#isListening) return;
    this.#isListening = true;
    void this.#run();
  }

  #linger(): void {
    this.#untilMs = this.#options.world.clock.monotonicMs() + lingerMs;
  }

  #isWanted(): boolean {
    const { world, signal } = this.#options;
    return !signal.aborted && (this.#isKept || this.#open.size > 0 || world.clock.monotonicMs() < this.#untilMs);
  }

  async #run(): Promise<void> {
    const { world, signal } = this.#options;
    for (let pauseMs = relistenMs.first; this.#isWanted();) {
      const startMs = world.clock.monotonicMs();
      try {
        await this.#listen();
      } catch (error) {
        if (!(error instanceof Error)) throw error;
        if (!signal.aborted) world.log.warn('listening for tunnels failed', { error: error.message });
      }
      const hasLasted = world.clock.monotonicMs() - startMs >= tickMissingMs;
      pauseMs = hasLasted ? relistenMs.first : Math.min(relistenMs.last, pauseMs * relistenMs.slower);
      if (this.#isWanted()) await nap(world, hasLasted ? 0 : pauseMs, signal);
    }
    this.#isListening = false;
  }

  async #listen(): Promise<void> {
    const { world, transport, signal } = this.#options;
    const ending = new AbortController();
    const missing = (): void => ending.abort(new Error('the stream of tunnels does not respond'));
    let cancel = world.clock.after(tickMissingMs, missing);
    const joint = jointSignal(signal, ending.signal);
    try {
      const open = [...this.#open].map(([id, { caller, after }]): OpenTunnel => ({ id, caller, after }));
      const stream = await transport.listen(open, joint.signal);
      for await (const record of recordsOf(stream)) {
        cancel();
        cancel = world.clock.after(tickMissingMs, missing);
        this.#take(record);
        if (!this.#isWanted()) break;
      }
    } finally {
      cancel();
      ending.abort(new Error('no tunnel is open'));
      joint.release();
    }
  }

  #take(record: TunnelRecord): void {
    if (record.type === 'relay') return this.#begin(record.relay);
    if (record.type === 'tick') return;
    const mailbox = this.#open.get(record.tunnel);
    if (mailbox === undefined) return;
    mailbox.after = Math.max(mailbox.after, record.number);
    mailbox.put(record);
  }

  #begin({ id, caller, request, key }: MailedRelay): void {
    if (this.#known.has(id) || request === undefined || key === undefined) return;
    this.#known.add(id);
    const [oldest = ''] = this.#known;
    if (this.#known.size > knownMax) this.#known.delete(oldest);
    const { world } = this.#options;
    const inbox = createInbox();
    this.#open.set(id, { caller, after: 0, put: inbox.put });
    const carrier = this.#carrier({ id, caller }, inbox);
    const options = { ...world, tunnel: id, key: Buffer.from(key, 'base64'), side: 'node', carrier } as const;
    const serving = this.#serve(new MailedStream(options), request);
    serving.catch((error: unknown) => world.log.warn('a tunnel broke', { relay: id, error }));
  }

  async #serve(stream: MailedStream, request: TunnelledRequest): Promise<void> {
    stream.on('error', () => stream.destroy());
    try {
      await this.#joined(stream, request);
    } finally {
      stream.destroy();
      await stream.settled;
      this.#open.delete(request.id);
      this.#linger();
    }
  }

  async #joined(stream: MailedStream, request: TunnelledRequest): Promise<void> {
    let server: Duplex;
    try {
      server = await this.#options.connect(request);
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      stream.refuse(error);
      return;
    }
    if (stream.destroyed) return void server.destroy();
    stream.accept();
    await splice(stream, server);
  }

  #carrier(place: Pick<MailedRelay, 'id' | 'caller'>, inbox: Inbox): Carrier {
    const { world, transport, signal } = this.#options;
    const send = async (entry: NumberedEntry): Promise<void> => {
      const timeout = new AbortController();
      const cancel = world.clock.after(entryMsMax, () => timeout.abort(new Error('an entry was not taken in time')));
      const joint = jointSignal(signal, timeout.signal);
      try {
        await transport.sendEntry(place, entry, joint.signal);
      } finally {
        cancel();
        joint.release();
      }
    };
    return { put: (entry) => patiently(world, signal, () => send(entry)), entries: (ending) => inbox.entries(ending) };
  }
}

interface Inbox {
  put(entry: NumberedEntry): void;
  entries(signal: AbortSignal): AsyncGenerator<NumberedEntry>;
}

/** What came and was not taken yet: no more than the other end may send ahead, since its entries are taken at once. */
function createInbox(): Inbox {
  const waiting: NumberedEntry[] = [];
  let news = Promise.withResolvers<void>();
  return {
    put(entry) {
      waiting.push(entry);
      news.resolve();
    },
    async *entries(signal) {
      signal.addEventListener('abort', () => news.resolve(), { once: true });
      while (!signal.aborted) {
        for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) yield next;
        if (signal.aborted) return;
        await news.promise;
        news = Promise.withResolvers<void>();
      }
    },
  };
}
