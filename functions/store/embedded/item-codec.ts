/** An item as bytes: length of the head (4 bytes), the head as JSON, then the item's one binary part. */
import { StoreError } from '../store.ts';

const lengthBytes = 4;

/** `room`: bytes left free before it. */
export function encodeItem(head: unknown, binary: Uint8Array = new Uint8Array(), room = 0): Buffer {
  const json = JSON.stringify(head);
  const length = Buffer.byteLength(json);
  const bytes = Buffer.allocUnsafe(room + lengthBytes + length + binary.length);
  const at = bytes.writeUInt32BE(length, room);
  bytes.write(json, at);
  bytes.set(binary, at + length);
  return bytes;
}

/** `where` names the item in the error when it cannot be read. */
export function decodeItem<H>(bytes: Uint8Array, where: string): { readonly head: H; readonly binary: Uint8Array } {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    const end = lengthBytes + buffer.readUInt32BE(0);
    return { head: JSON.parse(buffer.toString('utf8', lengthBytes, end)) as H, binary: buffer.subarray(end) };
  } catch (error) {
    if (!(error instanceof SyntaxError) && !(error instanceof RangeError)) throw error;
    throw new StoreError('corrupt', `${where} cannot be read: ${error.message}`, { cause: error });
  }
}
