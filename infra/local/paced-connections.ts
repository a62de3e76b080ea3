/**
 * New connections begin their handshakes one by one, with a turn of the event loop for each. Those that are open are
 * served in between: a handshake computes for a millisecond, and a crowd that comes at once would delay all others.
 * Addresses take turns, so that a crowd of one does not keep the others waiting either.
 */
import type { Server, Socket } from 'node:net';

/** Connections that wait. Those beyond are closed. */
export const waitingMax = 2_048;

export interface Pacing {
  /** `begin` is called with the socket when it is its turn. */
  add(socket: Socket, begin: (socket: Socket) => void): void;
}

interface Waiting {
  readonly socket: Socket;
  begin(socket: Socket): void;
}

/** `nextTurn`: calls back in the next turn of the event loop. */
export function createPacing(nextTurn: (callback: () => void) => void): Pacing {
  const byAddress = new Map<string, Waiting[]>();
  let waitingCount = 0;
  let isWaiting = false;

  function beginNext(): void {
    isWaiting = false;
    const [first] = byAddress;
    if (first === undefined) return;
    const [address, waiting] = first;
    // The address goes behind the others.
    byAddress.delete(address);
    const next = waiting.shift();
    if (waiting.length > 0) byAddress.set(address, waiting);
    waitingCount -= 1;
    schedule();
    if (next !== undefined && !next.socket.destroyed) next.begin(next.socket);
  }

  function schedule(): void {
    if (isWaiting || byAddress.size === 0) return;
    isWaiting = true;
    nextTurn(beginNext);
  }

  return {
    add(socket, begin) {
      if (waitingCount === waitingMax) return void socket.destroy();
      const address = socket.remoteAddress ?? '';
      const waiting = byAddress.get(address) ?? [];
      waiting.push({ socket, begin });
      byAddress.set(address, waiting);
      waitingCount += 1;
      schedule();
    },
  };
}

/** What the server does with a connection, it does when it is the connection's turn. The server must pause them (`pauseOnConnect`). */
export function paceConnections(server: Server, pacing: Pacing): void {
  const listeners = server.listeners('connection') as ((socket: Socket) => void)[];
  server.removeAllListeners('connection');
  server.on('connection', (accepted: Socket) =>
    pacing.add(accepted, (socket) => {
      for (const listener of listeners) listener.call(server, socket);
    }),
  );
}
