/**
 * Sends a log to a client that the agent has no connection to: in numbered chunks, one under way at a time, as far as the
 * client has room for them. A chunk whose answer is lost is sent again, the same, under the same number. While the log is
 * silent, an empty chunk now and then shows that the agent is there. Its answer shows whether the client is.
 */
import type { RelayGrant, ContainerRelay } from '../../functions/node-protocol/node-poll.ts';
import { encodeChunk, type RelayChunk } from '../../functions/node-protocol/relay-chunk.ts';
import { StatusError } from '../../functions/kube/status-error.ts';
import type { World } from '../../functions/world.ts';
import { TransportError } from '../poll.ts';
import { nap } from '../repeat.ts';
import type { NumberedChunk, Transport } from '../transport.ts';
import { createOutbox, gatherMs, type Outbox } from './outbox.ts';
import { type JointSignal, jointSignal } from '../joint-signal.ts';

export interface LogMailerOptions {
  readonly world: World;
  readonly transport: Pick<Transport, 'sendChunk'>;
  /** Aborts when all open logs are to end. */
  readonly signal: AbortSignal;
}

export interface LogMailer {
  /** Resolves when all is sent, or the client reads no more. */
  send(request: Pick<ContainerRelay, 'id'>, open: OpenLog): Promise<void>;
}

/** The log, until the signal aborts. Rejects with the StatusError for the client when there is none. */
export type OpenLog = (signal: AbortSignal) => Promise<AsyncIterable<Buffer>>;

const quietMs = 5_000;
/** A client that has no room is asked again, less and less often. */
const askMs = { first: 500, last: quietMs, slower: 1.5 };
const retryMs = { first: 500, last: 4_000, slower: 2 };
const giveUpMs = 30_000;
const requestMsMax = 15_000;
const sendersEnd = 2 ** 32;
const openMax = 100;

const tooMany = new StatusError(429, 'TooManyRequests', 'too many logs of this node are being read, please try again later', {
  details: { retryAfterSeconds: 1 },
});

export function createLogMailer(options: LogMailerOptions): LogMailer {
  let open = 0;
  return {
    async send({ id }, openLog) {
      const isTooMany = open >= openMax;
      open += 1;
      try {
        await new Mailing(id, options).run(isTooMany ? () => Promise.reject(tooMany) : openLog);
      } finally {
        open -= 1;
      }
    },
  };
}

interface Waits {
  readonly first: number;
  readonly last: number;
  readonly slower: number;
}

const longer = (ms: number, { last, slower }: Waits): number => Math.min(last, ms * slower);

/** Whether asking again may help. */
const isPassing = (error: unknown): boolean =>
  error instanceof TransportError || (error instanceof StatusError && (error.code === 429 || error.code >= 500));

class Mailing {
  readonly #id: string;
  readonly #options: LogMailerOptions;
  readonly #ending = new AbortController();
  readonly #joint: JointSignal;
  readonly #sender: number;
  #sent = 0;
  /** As far as is known; the first chunk is just tried. */
  #upTo = 1;

  constructor(id: string, options: LogMailerOptions) {
    this.#id = id;
    this.#options = options;
    this.#joint = jointSignal(options.signal, this.#ending.signal);
    this.#sender = Math.floor(options.world.random.next() * sendersEnd);
  }

  async run(openLog: OpenLog): Promise<void> {
    try {
      await this.#run(openLog);
    } finally {
      this.#joint.release();
    }
  }

  async #run(openLog: OpenLog): Promise<void> {
    const log = await this.#opened(openLog);
    if (log instanceof StatusError) {
      await this.#deliver({ code: log.code, bytes: Buffer.from(JSON.stringify(log.toStatus())), isLast: true });
      return;
    }
    const outbox = createOutbox(this.#options.world.clock);
    const filling = outbox.fill(log);
    try {
      await this.#sendAll(outbox);
    } finally {
      outbox.close();
      this.#ending.abort();
      await filling;
    }
  }

  async #opened(openLog: OpenLog): Promise<AsyncIterable<Buffer> | StatusError> {
    try {
      return await openLog(this.#joint.signal);
    } catch (error) {
      if (error instanceof StatusError) return error;
      throw error;
    }
  }

  async #sendAll(outbox: Outbox): Promise<void> {
    while (!this.#joint.signal.aborted) {
      const parcel = await this.#next(outbox);
      if (!(await this.#deliver(parcel)) || parcel.isLast) return;
    }
  }

  async #next(outbox: Outbox): Promise<Omit<RelayChunk, 'sender'>> {
    try {
      return { code: 200, ...(await outbox.take(this.#sent === 0 ? gatherMs : quietMs)) };
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      this.#options.world.log.warn('a log could not be read on', { relay: this.#id, error });
      return { code: 500, bytes: Buffer.alloc(0), isLast: true };
    }
  }

  /** False: the client reads no more. */
  async #deliver(chunk: Omit<RelayChunk, 'sender'>): Promise<boolean> {
    this.#sent += 1;
    const numbered = { number: this.#sent, encoded: encodeChunk({ sender: this.#sender, ...chunk }) };
    for (let pauseMs = askMs.first; !this.#joint.signal.aborted; pauseMs = longer(pauseMs, askMs)) {
      const isTried = numbered.number <= this.#upTo;
      const grant = await this.#asked(isTried ? numbered : undefined);
      if (!grant.isOpen) return false;
      this.#upTo = grant.upTo;
      const isRoom = numbered.number <= grant.upTo;
      if (isTried && isRoom) return true;
      if (!isRoom) await nap(this.#options.world, pauseMs, this.#joint.signal);
    }
    return false;
  }

  async #asked(chunk: NumberedChunk | undefined): Promise<RelayGrant> {
    const { world } = this.#options;
    const startMs = world.clock.monotonicMs();
    for (let pauseMs = retryMs.first; ; pauseMs = longer(pauseMs, retryMs)) {
      try {
        return await this.#ask(chunk);
      } catch (error) {
        const isTooLate = this.#joint.signal.aborted || world.clock.monotonicMs() - startMs > giveUpMs;
        if (isTooLate || !isPassing(error)) throw error;
      }
      await nap(world, pauseMs, this.#joint.signal);
    }
  }

  async #ask(chunk: NumberedChunk | undefined): Promise<RelayGrant> {
    const { world, transport } = this.#options;
    const timeout = new AbortController();
    const cancel = world.clock.after(requestMsMax, () => timeout.abort());
    const joint = jointSignal(this.#joint.signal, timeout.signal);
    try {
      return await transport.sendChunk(this.#id, chunk, joint.signal);
    } finally {
      cancel();
      joint.release();
    }
  }
}
