/** Inflated chunks of segments, as long as there is room: the ones that were used last. */

/** Bytes, all together. */
const chunkCacheBytesMax = 64 * 1024 * 1024;

export class ChunkCache {
  readonly #bytesMax: number;
  readonly #chunks = new Map<object, Map<number, Buffer>>();
  /** The oldest use first. */
  readonly #order = new Map<Buffer, { readonly segment: object; readonly chunk: number }>();
  #bytes = 0;

  constructor(bytesMax: number = chunkCacheBytesMax) {
    this.#bytesMax = bytesMax;
  }

  get(segment: object, chunk: number, inflate: () => Buffer): Buffer {
    const known = this.#chunks.get(segment)?.get(chunk);
    const bytes = known ?? inflate();
    if (known === undefined) {
      const chunks = this.#chunks.get(segment) ?? new Map<number, Buffer>();
      this.#chunks.set(segment, chunks.set(chunk, bytes));
      this.#bytes += bytes.length;
    }
    this.#order.delete(bytes);
    this.#order.set(bytes, { segment, chunk });
    this.#bound(bytes);
    return bytes;
  }

  #bound(newest: Buffer): void {
    for (const [bytes, { segment, chunk }] of this.#order) {
      if (this.#bytes <= this.#bytesMax || bytes === newest) return;
      this.#order.delete(bytes);
      this.#bytes -= bytes.length;
      const chunks = this.#chunks.get(segment);
      chunks?.delete(chunk);
      if (chunks?.size === 0) this.#chunks.delete(segment);
    }
  }
}
