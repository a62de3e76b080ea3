/** Reads a watch: the one thing in the API that no generator knows, since its answer never ends. */
import { RefusedError, type Schemas } from './client.ts';

export interface WatchEvent<T> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  readonly object: T;
}

/** A line longer than this is no event. */
const lineCharactersMax = 16 << 20;

async function* linesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of body) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > lineCharactersMax) throw new Error('an event of the watch is too long');
    yield* lines.filter((line) => line !== '');
  }
}

/**
 * The events of a list that was asked for with `watch: true` and `parseAs: 'stream'`. It ends when the server ends the
 * watch; stopping to read ends the watch.
 */
export async function* eventsOf<T>(asked: Promise<{ readonly data?: unknown; readonly error?: unknown }>): AsyncGenerator<WatchEvent<T>> {
  const { data, error } = await asked;
  if (!(data instanceof ReadableStream)) throw new RefusedError((error ?? {}) as Schemas['io.k8s.apimachinery.pkg.apis.meta.v1.Status']);
  for await (const line of linesOf(data as ReadableStream<Uint8Array>)) {
    const event = JSON.parse(line) as WatchEvent<T> | { readonly type: 'ERROR'; readonly object: RefusedError['status'] };
    if (event.type === 'ERROR') throw new RefusedError(event.object);
    yield event;
  }
}
