/**
 * A stream as the messages of a WebSocket, for clients that ask for a log that way. What the client sends is not read, but
 * for its leaving. Source: k8s.io/streaming, pkg/httpstream/wsstream (Reader)
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { badRequest } from '../../kube/status-error.ts';
import type { TakenSocket } from './splice.ts';

/** RFC 6455, section 1.3. */
const acceptSuffix = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** Protocol → how a message is sent; '' is that of a client that names none. */
const encodings: ReadonlyMap<string, 'binary' | 'base64'> = new Map([
  ['', 'binary'],
  ['binary.k8s.io', 'binary'],
  ['base64.binary.k8s.io', 'base64'],
]);

const opcodes = { text: 1, binary: 2, close: 8 } as const;

export const asksForWebSocket = (headers: Headers): boolean => headers.get('upgrade')?.toLowerCase() === 'websocket';

export interface Handshake {
  readonly protocol: string;
  readonly accept: string;
}

/** Throws for a client that names only protocols which are not known. */
export function webSocketHandshake(headers: Headers): Handshake {
  const key = headers.get('sec-websocket-key') ?? '';
  const asked = (headers.get('sec-websocket-protocol') ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  const protocol = asked.length === 0 ? '' : asked.find((name) => encodings.has(name));
  if (key === '') throw badRequest('the WebSocket handshake has no key');
  if (protocol === undefined) throw badRequest(`none of the WebSocket protocols ${asked.join(', ')} is served`);
  return { protocol, accept: createHash('sha1').update(`${key}${acceptSuffix}`).digest('base64') };
}

/** Sends the stream as it comes, then ends the connection. Stops when the client leaves. */
export async function sendAsMessages(
  body: ReadableStream<Uint8Array>,
  { socket }: TakenSocket,
  { protocol, accept }: Handshake,
): Promise<void> {
  const named = protocol === '' ? '' : `Sec-WebSocket-Protocol: ${protocol}\r\n`;
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n${named}\r\n`,
  );
  const reader = body.getReader();
  const leave = (): void => void reader.cancel().catch((error: unknown) => socket.destroy(error instanceof Error ? error : undefined));
  socket.on('error', leave);
  socket.once('close', leave);
  socket.once('end', leave);
  socket.on('data', (bytes: Buffer) => {
    if (((bytes[0] ?? 0) & 0x0f) === opcodes.close) leave();
  });
  for (let read = await reader.read(); !read.done; read = await reader.read()) await sendMessage(socket, read.value, protocol);
  socket.end(frame(opcodes.close, Buffer.from([0x03, 0xe8])));
}

async function sendMessage(socket: Duplex, bytes: Uint8Array, protocol: string): Promise<void> {
  const isBase64 = encodings.get(protocol) === 'base64';
  const message = isBase64 ? frame(opcodes.text, Buffer.from(Buffer.from(bytes).toString('base64'))) : frame(opcodes.binary, bytes);
  if (socket.writable && !socket.write(message)) await Promise.race([once(socket, 'drain'), once(socket, 'close')]);
}

/** One message in one frame; a server's frames are not masked. */
function frame(opcode: number, payload: Uint8Array): Buffer {
  const { length } = payload;
  if (length < 126) return Buffer.concat([Buffer.from([0x80 | opcode, length]), payload]);
  const head = Buffer.alloc(length < 0x10000 ? 4 : 10);
  head.writeUInt8(0x80 | opcode, 0);
  head.writeUInt8(head.length === 4 ? 126 : 127, 1);
  if (head.length === 4) head.writeUInt16BE(length, 2);
  else head.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([head, payload]);
}
