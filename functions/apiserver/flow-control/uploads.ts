/**
 * Bodies on their way. A request gets its seat when its body is there: who sends slowly keeps no seat from the others.
 * What has arrived takes memory until its request is over: each user has room for so much, and so have all together.
 */
import type { Clock } from '../../world.ts';
import { StatusError } from '../../kube/status-error.ts';
import { bodyBytesMax, bodyStream, bytesOf, forgetBody, keepBody, tooLarge } from '../http/request-body.ts';
import { tooManyRequests } from './too-many-requests.ts';

const userBytesMax = 16 * 1024 * 1024;
const bytesMax = 64 * 1024 * 1024;
/** The smallest body takes a connection, too. */
const bytesLeast = 16 * 1024;
/** Less than a write has in all. */
const bodyMsMax = 30_000;

/** Called when the request is over. */
export type Release = () => void;

export class Uploads {
  readonly #clock: Pick<Clock, 'after'>;
  readonly #ofUsers = new Map<string, number>();
  #bytes = 0;

  constructor(clock: Pick<Clock, 'after'>) {
    this.#clock = clock;
  }

  /** Throws 429 where there is no room, 504 when the body does not come in time. One that is too long is left to the verbs. */
  async receive(user: string, request: Request): Promise<Release> {
    const declared = request.headers.get('content-length');
    const length = Number(declared ?? bodyBytesMax);
    // Where a length is declared, hosts hold the client to it, and need no stream.
    const stream = declared === null ? bodyStream(request) : undefined;
    const hasBody = declared === null ? stream !== undefined : length > 0;
    if (!(length <= bodyBytesMax) || !hasBody) return () => undefined;
    const release = this.#reserve(user, Math.max(length, bytesLeast));
    try {
      keepBody(request, await this.#inTime((late) => (stream === undefined ? whole(request, late) : bytesOf(stream, bodyBytesMax, late))));
      return () => {
        forgetBody(request);
        release();
      };
    } catch (error) {
      release();
      throw error;
    }
  }

  #reserve(user: string, bytes: number): Release {
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

  async #inTime(read: (late: Promise<never>) => Promise<Uint8Array>): Promise<Uint8Array> {
    const late = Promise.withResolvers<never>();
    const message = 'Timeout: the body of the request did not arrive in time';
    const cancel = this.#clock.after(bodyMsMax, () => late.reject(new StatusError(504, 'Timeout', message)));
    try {
      return await read(late.promise);
    } finally {
      cancel();
    }
  }
}

async function whole(request: Request, late: Promise<never>): Promise<Uint8Array> {
  const bytes = new Uint8Array(await Promise.race([request.arrayBuffer(), late]));
  if (bytes.byteLength > bodyBytesMax) throw tooLarge(bodyBytesMax);
  return bytes;
}
