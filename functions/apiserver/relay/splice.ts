/** Joins two raw connections: what one sends the other receives, until one of them ends. */
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Clock } from '../../world.ts';

export interface TakenSocket {
  readonly socket: Duplex;
  /** What had already been read of it. */
  readonly head: Uint8Array;
}

/** After all was sent to a side, it has this long to read it and to end its own stream. */
const lingerMs = 60_000;

/** These connections are quiet for as long as a user is. */
function makeLasting(socket: Duplex): void {
  if (!(socket instanceof Socket)) return;
  socket.setNoDelay(true);
  socket.setKeepAlive(true);
}

function forward(from: TakenSocket, to: TakenSocket, clock: Pick<Clock, 'after'>): void {
  if (from.head.length > 0) to.socket.write(from.head);
  from.socket.pipe(to.socket);
  from.socket.once('end', () => {
    to.socket.once('finish', () => {
      const cancel = clock.after(lingerMs, () => to.socket.destroy());
      to.socket.once('close', cancel);
    });
  });
  const broke = (): void => {
    // A side that sent its last byte has been heard out; one that closed in the middle has not.
    if (!from.socket.readableEnded) to.socket.destroy();
  };
  from.socket.once('error', broke);
  from.socket.once('close', () => {
    broke();
    // Bytes that are not read when a socket closes make the kernel reset the connection. What was sent on it may then be lost.
    to.socket.resume();
  });
}

export function splice(one: TakenSocket, other: TakenSocket, clock: Pick<Clock, 'after'>): void {
  makeLasting(one.socket);
  makeLasting(other.socket);
  forward(one, other, clock);
  forward(other, one, clock);
}
