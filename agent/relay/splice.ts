/** Joins two connections: what one says the other hears, until either ends. */
import type { Duplex } from 'node:stream';

export function splice(one: Duplex, other: Duplex): Promise<void> {
  return new Promise((resolve) => {
    let open = 2;
    const closed = (peer: Duplex) => (): void => {
      open -= 1;
      if (open === 0) resolve();
      if (!peer.destroyed) peer.end();
    };
    for (const [from, to] of [
      [one, other],
      [other, one],
    ] as const) {
      from.pipe(to);
      from.on('error', () => to.destroy());
      from.on('close', closed(to));
    }
  });
}
