/** Joins two connections: what one sends the other gets. Each direction ends by itself; one that breaks breaks the other. */
import type { Duplex } from 'node:stream';

/** Resolves when both are closed. */
export function splice(one: Duplex, other: Duplex): Promise<void> {
  return new Promise((resolve) => {
    let open = 2;
    for (const [from, to] of [
      [one, other],
      [other, one],
    ] as const) {
      from.pipe(to);
      from.on('error', () => {
        // One that has sent its last byte may be closed while more is written to it: what it sent is still on its way.
        if (!from.readableEnded) to.destroy();
      });
      from.on('close', () => {
        open -= 1;
        if (open === 0) resolve();
        // A regular end would hide that data is missing.
        if (!from.readableEnded) to.destroy();
        // What the other side still sends is dropped.
        else to.resume();
      });
    }
  });
}
