/**
 * Bytes of a protobuf message, written from the last to the first: how long a part is stands before it, and is known
 * only after it. Knows the wire format and nothing else.
 */

export type WireType = 0 | 1 | 2;

const firstBytes = 1024;

export class ProtobufWriter {
  #bytes: Buffer = Buffer.allocUnsafe(firstBytes);
  #start = firstBytes;

  /** The number of bytes written so far. */
  get length(): number {
    return this.#bytes.length - this.#start;
  }

  finish(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#bytes.subarray(this.#start));
  }

  tag(number: number, wireType: WireType): void {
    this.varint(number * 8 + wireType);
  }

  varint(value: number | bigint): void {
    if (typeof value === 'bigint' || value < 0 || !Number.isSafeInteger(value)) {
      this.#put(bigVarint(BigInt.asUintN(64, BigInt(value))));
      return;
    }
    let length = 1;
    for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) length += 1;
    this.#reserve(length);
    let rest = value;
    for (let at = this.#start; at < this.#start + length; at += 1) {
      const isLast = at === this.#start + length - 1;
      this.#bytes[at] = (rest % 0x80) | (isLast ? 0 : 0x80);
      rest = Math.floor(rest / 0x80);
    }
  }

  double(value: number): void {
    this.#reserve(8);
    this.#bytes.writeDoubleLE(value, this.#start);
  }

  text(text: string): void {
    this.#reserve(Buffer.byteLength(text));
    this.#bytes.write(text, this.#start);
  }

  bytes(bytes: Uint8Array): void {
    this.#put(bytes);
  }

  #put(bytes: Uint8Array | readonly number[]): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#start);
  }

  /** Makes room before what has been written. */
  #reserve(length: number): void {
    if (length > this.#start) {
      const written = this.#bytes.subarray(this.#start);
      const grown = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, written.length + length));
      this.#start = grown.length - written.length;
      grown.set(written, this.#start);
      this.#bytes = grown;
    }
    this.#start -= length;
  }
}

function bigVarint(value: bigint): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>= 7n) {
    if (rest < 0x80n) return [...bytes, Number(rest)];
    bytes.push(Number(rest & 0x7fn) | 0x80);
  }
}
