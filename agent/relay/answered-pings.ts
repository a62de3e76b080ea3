/**
 * A connection to a container's runtime on which the agent answers the client's pings and never sends them on. The runtime
 * closes its socket once it has written its last byte, while much is still on its way. A ping that came after that would
 * make the kernel reset the connection. The bytes on their way would be lost: the end of a slow download.
 */
import { Duplex } from 'node:stream';
import { FrameCutter, type FrameProtocol } from './frames.ts';

/** Pings of a client that reads no answers. */
const pongsMax = 1_000;
const headBytesMax = 1 << 20;
const headEnd = '\r\n\r\n';

/** Cuts what the runtime sends behind its HTTP answer; an answer that refuses the upgrade has no frames. */
class AnswerCutter {
  readonly #frames: FrameCutter;
  #head: Buffer | undefined = Buffer.alloc(0);
  #isFramed = false;

  constructor(protocol: FrameProtocol) {
    this.#frames = new FrameCutter(protocol);
  }

  get isBetweenFrames(): boolean {
    return this.#isFramed && this.#frames.isBetweenFrames;
  }

  *cut(chunk: Buffer): Generator<Buffer> {
    const rest = this.#head === undefined ? chunk : yield* this.#cutHead(this.#head, chunk);
    if (!this.#isFramed) {
      if (this.#head === undefined) yield rest;
      return;
    }
    for (const piece of this.#frames.cut(rest)) yield piece.kind === 'bytes' ? piece.bytes : piece.pong;
  }

  /** Returns what came behind the head. */
  *#cutHead(before: Buffer, chunk: Buffer): Generator<Buffer, Buffer> {
    const head = Buffer.concat([before, chunk]);
    const end = head.indexOf(headEnd);
    if (end < 0 && head.length <= headBytesMax) {
      this.#head = head;
      return Buffer.alloc(0);
    }
    this.#head = undefined;
    this.#isFramed = end >= 0 && head.toString('latin1', 8, 13) === ' 101 ';
    const length = end < 0 ? head.length : end + headEnd.length;
    yield head.subarray(0, length);
    return head.subarray(length);
  }

  takeHeld(): Buffer {
    return Buffer.concat([this.#head ?? Buffer.alloc(0), this.#frames.takeHeld()]);
  }
}

class AnsweredPings extends Duplex {
  readonly #server: Duplex;
  readonly #asked: FrameCutter;
  readonly #answered: AnswerCutter;
  readonly #pongs: Buffer[] = [];
  #onDrained: (() => void) | undefined;
  /** The runtime has sent its last byte: no pong may follow it. */
  #hasEnded = false;

  constructor(server: Duplex, protocol: FrameProtocol) {
    super({ allowHalfOpen: true });
    this.#server = server;
    this.#asked = new FrameCutter(protocol);
    this.#answered = new AnswerCutter(protocol);
    server.on('data', (chunk: Buffer) => this.#receive(chunk));
    server.on('end', () => {
      this.#hasEnded = true;
      this.push(this.#answered.takeHeld());
      this.push(null);
    });
    server.on('drain', () => this.#drained());
    server.on('error', (error) => this.#closed(error));
    server.on('close', () => this.#closed(new Error('the runtime closed the connection')));
  }

  override _read(): void {
    if (this.#answered.isBetweenFrames) this.#pushPongs();
    this.#server.resume();
  }

  override _write(chunk: Buffer, _encoding: string, taken: () => void): void {
    let mayGoOn = true;
    for (const piece of this.#asked.cut(chunk)) {
      if (piece.kind === 'ping') {
        if (!this.#hasEnded) this.#pongs.push(piece.pong);
      } else if (!this.#server.writableEnded && !this.#server.destroyed) mayGoOn = this.#server.write(piece.bytes);
    }
    if (this.#pongs.length > pongsMax) return void this.destroy(new Error('the client sends more pings than it reads answers'));
    if (this.#answered.isBetweenFrames) this.#pushPongs();
    if (mayGoOn) taken();
    else this.#onDrained = taken;
  }

  override _final(ended: () => void): void {
    this.#server.end(this.#asked.takeHeld());
    ended();
  }

  override _destroy(error: Error | null, destroyed: (error?: Error | null) => void): void {
    this.#server.destroy();
    destroyed(error);
  }

  #receive(chunk: Buffer): void {
    let mayGoOn = true;
    for (const bytes of this.#answered.cut(chunk)) {
      mayGoOn = this.push(bytes);
      if (this.#answered.isBetweenFrames) mayGoOn = this.#pushPongs() && mayGoOn;
    }
    if (!mayGoOn) this.#server.pause();
  }

  /** Sends as many pongs as the client takes. */
  #pushPongs(): boolean {
    if (this.#hasEnded) return false;
    for (let mayGoOn = this.readableLength < this.readableHighWaterMark; ;) {
      const pong = mayGoOn ? this.#pongs.shift() : undefined;
      if (pong === undefined) return mayGoOn;
      mayGoOn = this.push(pong);
    }
  }

  #drained(): void {
    const taken = this.#onDrained;
    this.#onDrained = undefined;
    taken?.();
  }

  /** What the runtime sent to its end is still read; what is written to it goes nowhere. */
  #closed(error: Error): void {
    if (!this.#server.readableEnded) this.destroy(error);
    else this.#drained();
  }
}

/** For what kubectl upgrades to. Anything else is carried as it is. */
export function answeredPings(server: Duplex, upgrade: string | undefined): Duplex {
  if (upgrade === undefined) return server;
  if (/^websocket$/i.test(upgrade)) return new AnsweredPings(server, 'websocket');
  return /^spdy\/3\.1$/i.test(upgrade) ? new AnsweredPings(server, 'spdy') : server;
}
