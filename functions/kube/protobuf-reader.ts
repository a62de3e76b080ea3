/** Bytes of a protobuf message as its fields. Knows the wire format and nothing else. */

export class ProtobufError extends Error {}

/** A field as it stands on the wire: a number for varints and fixed sizes, bytes for everything with a length. */
export interface WireField {
  readonly number: number;
  readonly value: bigint | Uint8Array;
}

const varintBytesMax = 10;

class Reader {
  private readonly bytes: Uint8Array;
  private position = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  get atEnd(): boolean {
    return this.position >= this.bytes.length;
  }

  varint(): bigint {
    let value = 0n;
    for (let index = 0; index < varintBytesMax; index += 1) {
      const byte = this.bytes[this.position];
      if (byte === undefined) throw new ProtobufError('unexpected EOF');
      this.position += 1;
      value |= BigInt(byte & 0x7f) << BigInt(index * 7);
      if (byte < 0x80) return value;
    }
    throw new ProtobufError('proto: integer overflow');
  }

  take(length: number): Uint8Array {
    if (length > this.bytes.length - this.position) throw new ProtobufError('unexpected EOF');
    this.position += length;
    return this.bytes.subarray(this.position - length, this.position);
  }
}

const littleEndian = (bytes: Uint8Array): bigint => bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);

/** The fields in the order of the wire. */
export function* fieldsOf(bytes: Uint8Array): Generator<WireField> {
  const reader = new Reader(bytes);
  while (!reader.atEnd) {
    const tag = Number(reader.varint());
    yield { number: Math.floor(tag / 8), value: valueOf(reader, tag % 8) };
  }
}

function valueOf(reader: Reader, wireType: number): bigint | Uint8Array {
  if (wireType === 0) return reader.varint();
  if (wireType === 1) return littleEndian(reader.take(8));
  if (wireType === 2) return reader.take(Number(reader.varint()));
  if (wireType === 5) return littleEndian(reader.take(4));
  throw new ProtobufError(`proto: illegal wireType ${wireType}`);
}

/** The numbers of a packed list. */
export function packedVarints(bytes: Uint8Array): bigint[] {
  const reader = new Reader(bytes);
  const values: bigint[] = [];
  while (!reader.atEnd) values.push(reader.varint());
  return values;
}
