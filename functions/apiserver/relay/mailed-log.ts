/**
 * A client's log where the client and the node's agent do not meet in one process: the client's side reads in a mailbox
 * what the agent's requests, in whichever process, put into it.
 *
 *   client ── log ──▶ announce (the log) ──────────────▶ poll ──▶ agent
 *     ▲               grants ──▶ ┌─────────┐ ◀── chunks ──────────┘
 *     └───── reads ◀──────────── │ mailbox │ ──▶ how far it may go, whether to end
 *                                └─────────┘
 */
import type { ContainerRelay } from '../../node-protocol/node-poll.ts';
import { decodeChunk, type RelayChunk } from '../../node-protocol/relay-chunk.ts';
import { StatusError } from '../../kube/status-error.ts';
import { StoreError, type Store } from '../../store/store.ts';
import type { World } from '../../world.ts';
import { mailboxAt, type Mail, type Mailbox } from './mailbox.ts';
import { announce, waitingMsMax } from './waiting-relays.ts';

export interface LogMailOptions extends Pick<World, 'clock' | 'random' | 'log'> {
  readonly mail: Mail;
  readonly store: Pick<Store, 'commit'>;
  /** No answer may last longer on this host. */
  readonly secondsMax: number;
}

export interface LogMail {
  /** Answers with the agent's first chunk. Throws a StatusError when there is none in time. */
  fetch(nodeName: string, relayRequest: Omit<ContainerRelay, 'id' | 'transport'>, signal: AbortSignal): Promise<Response>;
}

/** Chunks that the agent may be ahead of the client. */
const aheadMax = 8;
/** A grant counts this long, and is renewed meanwhile. */
const grantMs = 60_000;
const renewMs = 25_000;
/** The agent sends a chunk every few seconds, be it empty: after this it is gone. */
const silentMsMax = 60_000;
/** Between two reads of the mailbox: soon after something came, later while nothing does. */
const checkMs = { first: 100, last: 1_000, slower: 1.5 };

export function createLogMail(options: LogMailOptions): LogMail {
  const { mail, store, clock, random } = options;
  return {
    async fetch(nodeName, relayRequest, signal) {
      const id = random.uuid();
      const session = new MailedLog(
        mailboxAt({ nodeName, id }, mail, () => clock.now()),
        { ...options, nodeName, relayRequest, signal },
      );
      try {
        await session.open();
        const request: ContainerRelay = { id, ...relayRequest, transport: 'mailbox', headers: [] };
        const nowMs = clock.now();
        await store.commit(announce({ nodeName, request, untilMs: nowMs + waitingMsMax }, nowMs));
        return await session.response();
      } catch (error) {
        await session.close();
        throw error;
      }
    },
  };
}

interface SessionOptions extends LogMailOptions {
  readonly nodeName: string;
  readonly relayRequest: Pick<ContainerRelay, 'query'>;
  /** The signal of the client's request. */
  readonly signal: AbortSignal;
}

/** The last line of a log that broke off; never seen by the client, whose connection just ends. */
class LogMailError extends Error {
  override name = 'LogMailError';
}

const isFailed = ({ code }: RelayChunk): boolean => code >= 400 && code <= 599;
const isFollowing = (query: string): boolean => ['true', '1'].includes(new URLSearchParams(query).get('follow') ?? '');

class MailedLog {
  readonly #mailbox: Mailbox;
  readonly #options: SessionOptions;
  readonly #ending = new AbortController();
  readonly #endMs: number;
  #unread: readonly Uint8Array[] = [];
  /** Chunks that were fetched, those that were handed on, and up to which one there may be some. */
  #fetched = 0;
  #handedOn = 0;
  #upTo = 0;
  #grants = 0;
  #grantedMs = 0;
  #checkMs = checkMs.first;
  #sender: number | undefined;

  constructor(mailbox: Mailbox, options: SessionOptions) {
    this.#mailbox = mailbox;
    this.#options = options;
    this.#endMs = options.clock.monotonicMs() + options.secondsMax * 1000;
  }

  async open(): Promise<void> {
    const isOpen = await this.#grant();
    if (!isOpen) throw new StatusError(503, 'ServiceUnavailable', 'the API cannot reach its table; try again in a moment');
    this.#options.signal.addEventListener('abort', () => void this.close(), { once: true });
    if (this.#options.signal.aborted) await this.close();
    void this.#renew();
  }

  async response(): Promise<Response> {
    const first = await this.#next(waitingMsMax);
    if (first === undefined) throw this.#options.signal.aborted ? clientLeft : timedOut(this.#options.nodeName);
    const isFailure = isFailed(first);
    // No buffering on the way: a follower wants each line when it is written.
    const headers = {
      'content-type': isFailure ? 'application/json' : 'text/plain',
      'cache-control': 'no-cache, private',
      'x-accel-buffering': 'no',
    };
    return new Response(this.#body(first), { status: isFailure ? first.code : 200, headers });
  }

  /** No client reads any more: the agent hears of it when it asks next, or when the last grant is over. */
  async close(): Promise<void> {
    if (this.#ending.signal.aborted) return;
    this.#end();
    this.#grants += 1;
    await this.#put({ upTo: this.#upTo, untilMs: 0 });
  }

  #end(): void {
    this.#unread = [];
    this.#ending.abort(clientLeft);
  }

  #body(first: RelayChunk): ReadableStream<Uint8Array> {
    let given: RelayChunk | undefined = first;
    const pull = async (controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> => {
      // A pull that gave nothing would not be made again.
      for (let isSent = false; !isSent; given = undefined) {
        const chunk = given ?? (await this.#next(silentMsMax));
        if (chunk === undefined || (given === undefined && isFailed(chunk))) return this.#finish(controller);
        isSent = chunk.bytes.length > 0;
        if (isSent) controller.enqueue(chunk.bytes);
        if (chunk.isLast) {
          this.#end();
          return controller.close();
        }
        // Nothing was written, so nothing comes right behind it.
        if (!isSent) await this.#nap(this.#checkMs);
      }
    };
    return new ReadableStream({ pull: (controller) => this.#closing(pull(controller)), cancel: () => this.close() });
  }

  async #closing(work: Promise<void>): Promise<void> {
    try {
      await work;
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /** A log that is followed may end when its time is up; one that is cut off must not pass for whole. */
  async #finish(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    const isOver = this.#leftMs() <= 0;
    const hasLeft = this.#ending.signal.aborted;
    const { log, nodeName, relayRequest } = this.#options;
    await this.close();
    if (isOver && !hasLeft && isFollowing(relayRequest.query)) return controller.close();
    if (!hasLeft) log.warn('a log was cut off', { node: nodeName, isOver });
    controller.error(new LogMailError('the log was cut off'));
  }

  #leftMs(): number {
    return this.#endMs - this.#options.clock.monotonicMs();
  }

  /** Undefined: the client left, the agent does not respond, or the time is up. */
  async #next(silentMs: number): Promise<RelayChunk | undefined> {
    const { clock } = this.#options;
    const untilMs = clock.monotonicMs() + Math.min(silentMs, this.#leftMs());
    for (;;) {
      if (this.#ending.signal.aborted) return undefined;
      if (this.#unread.length === 0) await this.#check();
      const [encoded, ...rest] = this.#unread;
      if (encoded !== undefined) {
        this.#unread = rest;
        return this.#handOn(encoded);
      }
      const leftMs = untilMs - clock.monotonicMs();
      if (leftMs <= 0) return undefined;
      await this.#nap(Math.min(this.#checkMs, leftMs));
      this.#checkMs = Math.min(checkMs.last, this.#checkMs * checkMs.slower);
    }
  }

  async #check(): Promise<void> {
    try {
      this.#unread = await this.#mailbox.chunksAfter(this.#fetched);
      this.#fetched += this.#unread.length;
    } catch (error) {
      // The next read may do better, and there is a limit to silence.
      if (!(error instanceof StoreError)) throw error;
      this.#options.log.warn('a mailbox could not be read', { error });
    }
  }

  #handOn(encoded: Uint8Array): RelayChunk {
    const chunk = decodeChunk(encoded);
    this.#sender ??= chunk?.sender;
    if (chunk === undefined || chunk.sender !== this.#sender)
      throw new LogMailError(`the agent of node ${this.#options.nodeName} sent what does not belong together`);
    this.#handedOn += 1;
    if (chunk.bytes.length > 0) this.#checkMs = checkMs.first;
    if (!chunk.isLast && this.#upTo - this.#handedOn <= aheadMax / 2) void this.#grant();
    return chunk;
  }

  #grant(): Promise<boolean> {
    this.#upTo = this.#handedOn + aheadMax;
    this.#grantedMs = this.#options.clock.monotonicMs();
    this.#grants += 1;
    return this.#put({ upTo: this.#upTo, untilMs: this.#options.clock.now() + grantMs });
  }

  async #put(grant: Parameters<Mailbox['putGrant']>[1]): Promise<boolean> {
    try {
      return await this.#mailbox.putGrant(this.#grants, grant);
    } catch (error) {
      // Another one follows, or this is the last and the one before it will be over soon.
      if (!(error instanceof Error)) throw error;
      this.#options.log.warn('a mailbox could not be written', { error });
      return false;
    }
  }

  /** A client that reads slowly is still there. */
  async #renew(): Promise<void> {
    const dueMs = (): number => this.#grantedMs + renewMs - this.#options.clock.monotonicMs();
    while (!this.#ending.signal.aborted && this.#leftMs() > 0) {
      if (dueMs() <= 0) await this.#grant();
      await this.#nap(dueMs());
    }
  }

  async #nap(ms: number): Promise<void> {
    const { signal } = this.#ending;
    try {
      await this.#options.clock.sleep(ms, signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }
}

const clientLeft = new StatusError(499, 'Timeout', 'the client went away');

const timedOut = (nodeName: string): StatusError =>
  new StatusError(504, 'Timeout', `Timeout: the agent of node "${nodeName}" did not answer within ${waitingMsMax / 1000} seconds`);
