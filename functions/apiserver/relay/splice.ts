/** Joins two raw connections: what one sends the other receives, until one of them ends. */
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Clock } from '../../world.ts';

export interface TakenSocket {
  readonly socket: Duplex;
  /** What had already been read of it. */
  readonly head: Uint8Array;
}

/** After one side has ended its stream, the other has this long to end its own. */
const lingerMs = 10_000;

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
    const cancel = clock.after(lingerMs, () => to.socket.destroy());
    to.socket.once('close', cancel);
  });
  from.socket.once('error', () => to.socket.destroy());
  from.socket.once('close', () => {
    // A side that closed after its last word has been heard out; one that closed in the middle has not.
    if (!from.socket.readableEnded) to.socket.destroy();
  });
}

export function splice(one: TakenSocket, other: TakenSocket, clock: Pick<Clock, 'after'>): void {
  makeLasting(one.socket);
  makeLasting(other.socket);
  forward(one, other, clock);
  forward(other, one, clock);
}
