/**
 * The clusters that a process holds open: opened when they are first wanted, a named number at most. Room is made by closing the
 * one that was not used for longest; one that is being used stays.
 */
import type { Log } from '../world.ts';
import type { ClusterIdentity } from './clusters.ts';

export interface Closable {
  close(): Promise<void>;
}

export interface Held<T> {
  readonly opened: T;
  /** It may be closed from now on. Twice is harmless. */
  release(): void;
}

export interface OpenedClusters<T> {
  /** Opens it if need be. What could not be opened is opened anew the next time. */
  hold(cluster: ClusterIdentity): Promise<Held<T>>;
  /** Closes all but these, used or not. */
  keepOnly(clusters: readonly ClusterIdentity[]): void;
}

export interface OpenedClusterOptions<T> {
  open(cluster: ClusterIdentity): Promise<T>;
  readonly openMax: number;
  readonly log: Log;
}

/** All that may be open are, and are being used. */
export class TooManyOpen extends Error {
  override name = 'TooManyOpen';
}

interface Entry<T> {
  readonly opening: Promise<T>;
  holds: number;
}

export function createOpenedClusters<T extends Closable>({ open, openMax, log }: OpenedClusterOptions<T>): OpenedClusters<T> {
  /** By id, the one that was used last at the end. */
  const entries = new Map<string, Entry<T>>();

  function close(id: string, { opening }: Entry<T>): void {
    entries.delete(id);
    opening.then((opened) => opened.close()).catch((error: unknown) => log.warn('a cluster could not be closed', { cluster: id, error }));
  }

  function makeRoom(): void {
    if (entries.size < openMax) return;
    const idle = [...entries].find(([, { holds }]) => holds === 0);
    if (idle === undefined) throw new TooManyOpen(`${openMax} clusters are being used here already`);
    close(...idle);
  }

  function entryOf(cluster: ClusterIdentity): Entry<T> {
    const known = entries.get(cluster.id);
    if (known === undefined) makeRoom();
    const entry = known ?? { opening: open(cluster), holds: 0 };
    entries.delete(cluster.id);
    entries.set(cluster.id, entry);
    return entry;
  }

  return {
    async hold(cluster) {
      const entry = entryOf(cluster);
      entry.holds += 1;
      let isHeld = true;
      const release = (): void => {
        if (isHeld) entry.holds -= 1;
        isHeld = false;
      };
      try {
        return { opened: await entry.opening, release };
      } catch (error) {
        if (entries.get(cluster.id) === entry) entries.delete(cluster.id);
        throw error;
      }
    },
    keepOnly(clusters) {
      const kept = new Set(clusters.map(({ id }) => id));
      for (const [id, entry] of entries) if (!kept.has(id)) close(id, entry);
    },
  };
}
