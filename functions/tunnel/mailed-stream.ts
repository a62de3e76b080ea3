/**
 * One end of a tunnel that goes by mail: a stream of bytes, in order and in both directions, over entries of which each
 * is written once. What a carrier loses, doubles, reorders or changes makes an error or no difference, never other bytes.
 *
 *   write ─▶ outgoing ─▶ data 1, 2, 3 … ─▶ carrier ─▶ (other end) ─▶ inbox ─▶ read
 *                 ▲          at most `aheadMax` of them are not acknowledged          │
 *                 └────────────────────── ack in any entry ◀────────────────────────┘
 *
 * Each end reports from time to time that it is there. An end that dies without a word is missed after `silentMsMax`.
 */
import { Duplex } from 'node:stream';
import type { Status } from '../kube/generated/types.ts';
import { StatusError } from '../kube/status-error.ts';
import type { World } from '../world.ts';
import type { Carrier, NumberedEntry } from './carrier.ts';
import { type Entry, EntryError, type EntryKind, openEntry, payloadBytesMax, sealEntry } from './sealed-entry.ts';

export interface MailedStreamOptions extends Pick<World, 'clock' | 'random'> {
  readonly tunnel: string;
  readonly key: Uint8Array;
  readonly side: 'caller' | 'node';
  readonly carrier: Carrier;
}

/** The tunnel broke. Readers see it as a connection that was reset. */
export class TunnelError extends Error {
  override name = 'TunnelError';
  readonly code = 'ECONNRESET';
}

/** Data entries that the other end has not acknowledged. */
export const aheadMax = 16;
/** Entries whose carrier has not answered yet. */
const inFlightMax = 4;
const ackEvery = aheadMax / 2;
/** While nothing else is sent. */
export const aliveMs = 15_000;
export const silentMsMax = 60_000;
/** Entries that came before the one in front of them. */
const earlyMax = 4 * aheadMax;
const senderEnd = 2 ** 32;
const nothing = Buffer.alloc(0);

interface Due {
  readonly kind: EntryKind;
  readonly payload: Uint8Array;
  /** Called when the entry is written. */
  readonly written?: () => void;
}

export class MailedStream extends Duplex {
  readonly #options: MailedStreamOptions;
  readonly #sender: number;
  readonly #ending = new AbortController();
  readonly #accepted = Promise.withResolvers<void>();
  readonly #settled = Promise.withResolvers<void>();
  readonly #early = new Map<number, Uint8Array>();
  #wake: () => void = () => undefined;
  /** Bytes that are to be sent. */
  #outgoing: Buffer[] = [];
  #outgoingBytes = 0;
  #onTaken: (() => void) | undefined;
  #onEnded: (() => void) | undefined;
  #mustSpeak = false;
  readonly #inFlight = new Set<Promise<void>>();
  #sent = 0;
  #sentMs: number;
  #dataSent = 0;
  #dataAcknowledged = 0;
  /** The sender of the entries that came. */
  #otherSender: number | undefined;
  #received = 0;
  #heardMs: number | undefined;
  readonly #inbox: Uint8Array[] = [];
  #mayPush = false;
  #hasEnded = false;
  /** The other end has sent all and heard all: nothing more comes, and nothing is missed. */
  #hasLeft = false;
  #handedOn = 0;
  #ackSent = 0;
  /** The last entry of this end. */
  #closing: Due | undefined;

  constructor(options: MailedStreamOptions) {
    super({ allowHalfOpen: true, writableHighWaterMark: payloadBytesMax, readableHighWaterMark: payloadBytesMax });
    this.#options = options;
    this.#sender = Math.floor(options.random.next() * senderEnd);
    this.#sentMs = options.clock.monotonicMs();
    // A node is asked by a caller that is there; a caller waits for its node as long as it likes.
    if (options.side === 'node') this.#heardMs = this.#sentMs;
    this.accepted.catch(() => undefined);
    void this.#send();
    void this.#receive();
  }

  /** Resolves with the node's first word. Throws its refusal, a StatusError. */
  get accepted(): Promise<void> {
    return this.#accepted.promise;
  }

  /** Resolves when nothing is carried any more. */
  get settled(): Promise<void> {
    return this.#settled.promise;
  }

  /** Sends the node's first entry: it takes the stream. */
  accept(): void {
    this.#mustSpeak = true;
    this.#wake();
  }

  /** Ends the tunnel with the reason that the caller gets. */
  refuse(error: StatusError): void {
    this.#closing ??= abortOf(error);
    this.destroy();
  }

  override _read(): void {
    this.#mayPush = true;
    this.#deliver();
  }

  override _write(chunk: Buffer, _encoding: string, taken: (error?: Error | null) => void): void {
    this.#outgoing.push(chunk);
    this.#outgoingBytes += chunk.length;
    if (this.#outgoingBytes < payloadBytesMax) taken();
    else this.#onTaken = taken;
    this.#wake();
  }

  override _final(ended: (error?: Error | null) => void): void {
    this.#onEnded = ended;
    this.#wake();
  }

  override _destroy(error: Error | null, destroyed: (error?: Error | null) => void): void {
    const isComplete = error === null && this.readableEnded && this.writableFinished;
    this.#closing ??= isComplete ? { kind: 'bye', payload: nothing } : abortOf(asStatus(error));
    const left = error ?? new TunnelError('the tunnel was closed');
    this.#accepted.reject(left);
    this.#ending.abort(left);
    this.#wake();
    destroyed(error);
  }

  async #send(): Promise<void> {
    try {
      while (this.#closing === undefined) {
        const due = this.#inFlight.size < inFlightMax ? this.#due() : undefined;
        if (due !== undefined) this.#launch(due);
        else await this.#untilWoken();
      }
      await Promise.all(this.#inFlight);
      await this.#put(this.#closing);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      this.destroy(new TunnelError(error.message, { cause: error }));
    }
    this.#settled.resolve();
  }

  #launch(due: Due): void {
    const putting = this.#put(due).then(
      () => undefined,
      (error: unknown) => void this.destroy(new TunnelError(error instanceof Error ? error.message : String(error), { cause: error })),
    );
    this.#inFlight.add(putting);
    void putting.then(() => {
      this.#inFlight.delete(putting);
      this.#wake();
    });
  }

  #due(): Due | undefined {
    const { clock } = this.#options;
    if (this.#outgoingBytes > 0) {
      if (this.#dataSent - this.#dataAcknowledged < aheadMax) return this.#nextData();
    } else if (this.#onEnded !== undefined) {
      const written = this.#onEnded;
      this.#onEnded = undefined;
      return { kind: 'end', payload: nothing, written };
    }
    const isQuiet = clock.monotonicMs() - this.#sentMs >= aliveMs;
    if (this.#mustSpeak || isQuiet || this.#handedOn - this.#ackSent >= ackEvery) return { kind: 'alive', payload: nothing };
    return undefined;
  }

  #nextData(): Due {
    const all = Buffer.concat(this.#outgoing);
    const [payload, rest] = [all.subarray(0, payloadBytesMax), all.subarray(payloadBytesMax)];
    this.#outgoing = rest.length === 0 ? [] : [rest];
    this.#outgoingBytes = rest.length;
    this.#dataSent += 1;
    const taken = this.#onTaken;
    if (taken !== undefined && rest.length < payloadBytesMax) {
      this.#onTaken = undefined;
      taken();
    }
    return { kind: 'data', payload };
  }

  async #put({ kind, payload, written }: Due): Promise<void> {
    const { tunnel, key, side, carrier, clock } = this.#options;
    this.#sent += 1;
    this.#sentMs = clock.monotonicMs();
    this.#mustSpeak = false;
    this.#ackSent = this.#handedOn;
    const place = { tunnel, direction: side === 'caller' ? 'down' : 'up', number: this.#sent } as const;
    await carrier.put({ number: this.#sent, bytes: sealEntry({ sender: this.#sender, kind, ack: this.#ackSent, payload }, place, key) });
    this.#sentMs = clock.monotonicMs();
    written?.();
  }

  /** Until there is something to send, or to miss. */
  async #untilWoken(): Promise<void> {
    const { clock } = this.#options;
    const woken = Promise.withResolvers<void>();
    this.#wake = woken.resolve;
    const isFull = this.#inFlight.size >= inFlightMax;
    const waitMs = isFull ? aliveMs : Math.max(0, this.#sentMs + aliveMs - clock.monotonicMs());
    const cancel = clock.after(waitMs, woken.resolve);
    await woken.promise;
    cancel();
    if (this.#heardMs !== undefined && clock.monotonicMs() - this.#heardMs >= silentMsMax)
      this.destroy(new TunnelError('the other end of the tunnel does not respond'));
  }

  async #receive(): Promise<void> {
    const { carrier } = this.#options;
    const { signal } = this.#ending;
    try {
      for await (const entry of carrier.entries(signal)) {
        if (signal.aborted) return;
        this.#sort(entry);
      }
      if (!signal.aborted && !this.#hasLeft) throw new TunnelError('the tunnel ended in the middle');
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      if (!signal.aborted) this.destroy(error instanceof TunnelError ? error : new TunnelError(error.message, { cause: error }));
    }
  }

  #sort({ number, bytes }: NumberedEntry): void {
    if (number <= this.#received) return;
    // From now on the other end is there, and what is missing in front of this must come in time.
    this.#heardMs ??= this.#options.clock.monotonicMs();
    if (this.#early.size >= earlyMax) throw new TunnelError('entries of the tunnel are missing');
    this.#early.set(number, bytes);
    for (let next = this.#early.get(this.#received + 1); next !== undefined; next = this.#early.get(this.#received + 1)) {
      this.#received += 1;
      this.#early.delete(this.#received);
      this.#take(this.#opened(next));
    }
  }

  #opened(bytes: Uint8Array): Entry {
    const { tunnel, key, side } = this.#options;
    const entry = openEntry(bytes, { tunnel, direction: side === 'caller' ? 'up' : 'down', number: this.#received }, key);
    this.#otherSender ??= entry.sender;
    if (entry.sender !== this.#otherSender) throw new EntryError('entries of two senders do not belong together');
    return entry;
  }

  #take({ kind, ack, payload }: Entry): void {
    this.#heardMs = this.#options.clock.monotonicMs();
    this.#dataAcknowledged = Math.max(this.#dataAcknowledged, ack);
    if (kind === 'abort') return this.#aborted(payload);
    if (kind === 'bye') this.#left();
    this.#accepted.resolve();
    if (kind === 'data') this.#inbox.push(payload);
    if (kind === 'end') this.#hasEnded = true;
    if (this.#inbox.length > aheadMax) throw new TunnelError('the other end sends more than it may');
    this.#deliver();
    this.#wake();
  }

  #left(): void {
    if (!this.#hasEnded) throw new TunnelError('the tunnel ended in the middle');
    this.#hasLeft = true;
    this.#heardMs = undefined;
  }

  #aborted(payload: Uint8Array): void {
    const status = StatusError.fromStatus(JSON.parse(Buffer.from(payload).toString()) as Status);
    this.#accepted.reject(status);
    this.#closing ??= { kind: 'bye', payload: nothing };
    this.destroy(new TunnelError(status.message));
  }

  /** Hands the reader as much as it takes. */
  #deliver(): void {
    while (this.#mayPush && !this.readableEnded) {
      const next = this.#inbox.shift();
      if (next === undefined) {
        if (!this.#hasEnded) return;
        this.#mayPush = false;
        this.push(null);
        return;
      }
      this.#handedOn += 1;
      this.#mayPush = this.push(next);
    }
    if (this.#handedOn - this.#ackSent >= ackEvery) this.#wake();
  }
}

const abortOf = (error: StatusError): Due => ({ kind: 'abort', payload: Buffer.from(JSON.stringify(error.toStatus())) });

const asStatus = (error: Error | null): StatusError => {
  if (error instanceof StatusError) return error;
  return new StatusError(503, 'ServiceUnavailable', error?.message ?? 'the other end closed the connection');
};
