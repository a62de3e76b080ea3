/** DNS over TCP: each message has its length before it. */
import type { Socket } from 'node:net';

const lengthBytes = 2;

export function frame(message: Buffer): Buffer {
  const length = Buffer.alloc(lengthBytes);
  length.writeUInt16BE(message.length);
  return Buffer.concat([length, message]);
}

/** Calls back with each message that arrives, however the network cut it. */
export function inFrames(socket: Socket, onMessage: (message: Buffer) => void): void {
  let rest = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= lengthBytes && rest.length >= lengthBytes + rest.readUInt16BE(0)) {
      const end = lengthBytes + rest.readUInt16BE(0);
      onMessage(rest.subarray(lengthBytes, end));
      rest = rest.subarray(end);
    }
  });
}
