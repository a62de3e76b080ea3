/**
 * Where frames of SPDY/3.1 and of WebSocket begin and end, and which of them ask for a sign of life. Nothing else of them is read.
 * Source: RFC 6455, 5.2; the SPDY protocol, draft 3.1, 2.2 and 2.6.5.
 */
export type FrameProtocol = 'spdy' | 'websocket';

/** Whole frames of pings, and all other bytes as they came. */
export type Piece = { readonly kind: 'bytes'; readonly bytes: Buffer } | { readonly kind: 'ping'; readonly pong: Buffer };

interface Head {
  readonly headBytes: number;
  readonly bodyBytes: number;
  readonly isPing: boolean;
}

const spdyHeadBytes = 8;
const spdyPing = 6;
const spdyPingBytes = 4;
const webSocketPing = 0x9;
const webSocketPong = 0x8a;
const webSocketMaskBytes = 4;
const webSocketControlBytesMax = 125;

function spdyHead(bytes: Buffer): Head | undefined {
  if (bytes.length < spdyHeadBytes) return undefined;
  const bodyBytes = bytes.readUIntBE(5, 3);
  const isControl = (bytes.readUInt8(0) & 0x80) !== 0;
  return { headBytes: spdyHeadBytes, bodyBytes, isPing: isControl && bytes.readUInt16BE(2) === spdyPing && bodyBytes === spdyPingBytes };
}

function webSocketHead(bytes: Buffer): Head | undefined {
  if (bytes.length < 2) return undefined;
  const short = bytes.readUInt8(1) & 0x7f;
  const extended = short === 126 ? 2 : short === 127 ? 8 : 0;
  const maskBytes = (bytes.readUInt8(1) & 0x80) === 0 ? 0 : webSocketMaskBytes;
  const headBytes = 2 + extended + maskBytes;
  if (bytes.length < headBytes) return undefined;
  const bodyBytes = extended === 0 ? short : extended === 2 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
  return { headBytes, bodyBytes, isPing: (bytes.readUInt8(0) & 0xf) === webSocketPing && bodyBytes <= webSocketControlBytesMax };
}

/** A server's is not masked. */
function webSocketPongOf(frame: Buffer, { headBytes }: Head): Buffer {
  const body = Buffer.from(frame.subarray(headBytes));
  if ((frame.readUInt8(1) & 0x80) !== 0) {
    const mask = frame.subarray(headBytes - webSocketMaskBytes, headBytes);
    for (const [index, byte] of body.entries()) body[index] = byte ^ (mask[index % webSocketMaskBytes] ?? 0);
  }
  return Buffer.concat([Buffer.of(webSocketPong, body.length), body]);
}

/** Cuts one direction's bytes, in whatever pieces they come. */
export class FrameCutter {
  readonly #protocol: FrameProtocol;
  #held: Buffer = Buffer.alloc(0);
  /** Bytes left of a frame that is passed on as it comes. */
  #bodyBytesLeft = 0;

  constructor(protocol: FrameProtocol) {
    this.#protocol = protocol;
  }

  /** Whether a frame may be put behind what came out so far. */
  get isBetweenFrames(): boolean {
    return this.#bodyBytesLeft === 0;
  }

  *cut(chunk: Buffer): Generator<Piece> {
    let rest = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    this.#held = Buffer.alloc(0);
    while (rest.length > 0) {
      if (this.#bodyBytesLeft > 0) {
        const bytes = rest.subarray(0, this.#bodyBytesLeft);
        this.#bodyBytesLeft -= bytes.length;
        rest = rest.subarray(bytes.length);
        yield { kind: 'bytes', bytes };
        continue;
      }
      const head = this.#protocol === 'spdy' ? spdyHead(rest) : webSocketHead(rest);
      if (head === undefined || (head.isPing && rest.length < head.headBytes + head.bodyBytes)) {
        this.#held = Buffer.from(rest);
        return;
      }
      if (head.isPing) {
        const frame = rest.subarray(0, head.headBytes + head.bodyBytes);
        yield { kind: 'ping', pong: this.#protocol === 'spdy' ? Buffer.from(frame) : webSocketPongOf(frame, head) };
        rest = rest.subarray(frame.length);
      } else {
        this.#bodyBytesLeft = head.headBytes + head.bodyBytes;
      }
    }
  }

  /** What came of a frame that is not whole. */
  takeHeld(): Buffer {
    const held = this.#held;
    this.#held = Buffer.alloc(0);
    return held;
  }
}
