/**
 * A part of a log on its way from an agent to a client through a mailbox, as bytes: the sender, the HTTP code, whether it
 * is the last one, and its text, deflated. A carrier need not read it.
 *
 *     0 sender (4) · 4 code (2) · 6 flags (1) · 7 the rest, deflated
 */
import { deflateRawSync, inflateRawSync } from 'node:zlib';

export interface RelayChunk {
  /** Chunks of two senders do not belong together: the agent was started anew. Below 2^32. */
  readonly sender: number;
  /** 200; or of the failure whose Status the bytes are. */
  readonly code: number;
  readonly isLast: boolean;
  /** May be none: the sender is still there. */
  readonly bytes: Uint8Array;
}

/** The most bytes of one chunk. */
export const chunkBytesMax = 256 << 10;
/** What is sent of it: with its head, and what deflating adds to bytes that cannot be made fewer. */
export const encodedBytesMax = chunkBytesMax + 1024;

const headBytes = 7;
const lastFlag = 1;
/** Logs are repetitive: the fastest way is good enough. */
const level = 1;

export function encodeChunk({ sender, code, isLast, bytes }: RelayChunk): Uint8Array {
  const head = Buffer.alloc(headBytes);
  head.writeUInt32BE(sender, 0);
  head.writeUInt16BE(code, 4);
  head.writeUInt8(isLast ? lastFlag : 0, 6);
  return bytes.length === 0 ? head : Buffer.concat([head, deflateRawSync(bytes, { level })]);
}

/** Undefined: not such a chunk, or too large a one. */
export function decodeChunk(encoded: Uint8Array): RelayChunk | undefined {
  const buffer = Buffer.from(encoded.buffer, encoded.byteOffset, encoded.byteLength);
  if (buffer.length < headBytes) return undefined;
  const bytes = inflated(buffer.subarray(headBytes));
  if (bytes === undefined) return undefined;
  return { sender: buffer.readUInt32BE(0), code: buffer.readUInt16BE(4), isLast: (buffer.readUInt8(6) & lastFlag) !== 0, bytes };
}

function inflated(bytes: Buffer): Uint8Array | undefined {
  if (bytes.length === 0) return bytes;
  try {
    return inflateRawSync(bytes, { maxOutputLength: chunkBytesMax });
  } catch (error) {
    // An error of zlib, with any text: an agent may send anything.
    if (error instanceof Error && 'code' in error) return undefined;
    throw error;
  }
}
