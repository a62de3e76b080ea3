/**
 * Bodies on their way. A request gets its seat when its body is there: who sends slowly keeps no seat from the others.
 * What has arrived takes memory until its request is over: each user has room for so much, and so have all together.
 */
import type { Clock } from '../../world.ts';
import { StatusError } from '../../kube/status-error.ts';
import { bodyBytesMax, tooLarge, withBody } from '../http/request-body.ts';
import { tooManyRequests } from './too-many-requests.ts';

const userBytesMax = 16 * 1024 * 1024;
const bytesMax = 64 * 1024 * 1024;
/** The smallest body takes a connection, too. */
const bytesLeast = 16 * 1024;
/** Less than a write has in all. */
const bodyMsMax = 30_000;

export interface Upload {
  readonly request: Request;
  /** The request is over. */
  release(): void;
}

export class Uploads {
  readonly #clock: Pick<Clock, 'after'>;
  readonly #ofUsers = new Map<string, number>();
  #bytes = 0;

  constructor(clock: Pick<Clock, 'after'>) {
    this.#clock = clock;
  }

  /** Throws 429 where there is no room, 504 when the body does not come in time. One that is too long is left to the verbs. */
  async receive(user: string, request: Request): Promise<Upload> {
    const length = Number(request.headers.get('content-length') ?? bodyBytesMax);
    if (request.body === null || !(length <= bodyBytesMax)) return { request, release: () => undefined };
    const release = this.#reserve(user, Math.max(length, bytesLeast));
    try {
      const bytes = await this.#read(request.body);
      return { request: withBody(request, bytes), release };
    } catch (error) {
      release();
      throw error;
    }
  }

  #reserve(user: string, bytes: number): () => void {
    const held = this.#ofUsers.get(user) ?? 0;
    if (held + bytes > userBytesMax || this.#bytes + bytes > bytesMax) throw tooManyRequests();
    this.#add(user, bytes);
    let isHeld = true;
    return () => {
      if (isHeld) this.#add(user, -bytes);
      isHeld = false;
    };
  }

  #add(user: string, bytes: number): void {
    const held = (this.#ofUsers.get(user) ?? 0) + bytes;
    if (held === 0) this.#ofUsers.delete(user);
    else this.#ofUsers.set(user, held);
    this.#bytes += bytes;
  }

  async #read(body: ReadableStream<Uint8Array>): Promise<Uint8Array> {
    const reader = body.getReader();
    const late = Promise.withResolvers<never>();
    const message = 'Timeout: the body of the request did not arrive in time';
    const cancel = this.#clock.after(bodyMsMax, () => late.reject(new StatusError(504, 'Timeout', message)));
    try {
      const chunks: Uint8Array[] = [];
      let length = 0;
      for (;;) {
        const { done, value } = await Promise.race([reader.read(), late.promise]);
        if (done) return Buffer.concat(chunks);
        length += value.byteLength;
        if (length > bodyBytesMax) throw tooLarge(bodyBytesMax);
        chunks.push(value);
      }
    } catch (error) {
      reader.cancel(error).catch(() => undefined);
      throw error;
    } finally {
      cancel();
    }
  }
}
