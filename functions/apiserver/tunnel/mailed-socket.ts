/** A tunnel by mail with what node's HTTP client expects of a socket: above all, that an idle one reports it. */
import { MailedStream, type MailedStreamOptions } from '../../tunnel/mailed-stream.ts';
import type { Cancel } from '../../world.ts';

export class MailedSocket extends MailedStream {
  readonly #clock: MailedStreamOptions['clock'];
  #timeoutMs = 0;
  #cancel: Cancel | undefined;

  /** Emits `timeout` when nothing was carried for so long. 0: never. */
  readonly ['setTimeout'] = (timeoutMs: number, listener?: () => void): this => {
    this.#timeoutMs = timeoutMs;
    if (listener !== undefined) this.once('timeout', listener);
    this.#restart();
    return this;
  };

  constructor(options: MailedStreamOptions) {
    super(options);
    this.#clock = options.clock;
  }

  setKeepAlive(): this {
    return this;
  }

  setNoDelay(): this {
    return this;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  override push(chunk: Uint8Array | null): boolean {
    this.#restart();
    return super.push(chunk);
  }

  override _write(chunk: Buffer, encoding: string, taken: (error?: Error | null) => void): void {
    this.#restart();
    super._write(chunk, encoding, taken);
  }

  override _destroy(error: Error | null, destroyed: (error?: Error | null) => void): void {
    this.#cancel?.();
    super._destroy(error, destroyed);
  }

  #restart(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    if (this.#timeoutMs > 0 && !this.destroyed) this.#cancel = this.#clock.after(this.#timeoutMs, () => this.emit('timeout'));
  }
}
