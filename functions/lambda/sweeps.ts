/**
 * The sweep of each minute, of all clusters, some at a time. One that fails keeps the others from nothing. The invocation fails with
 * its error in the end, so that an alarm of the function rings.
 */
import type { World } from '../world.ts';
import type { ClusterIdentity, Clusters } from '../cloud/clusters.ts';
import { createOpenedClusters, type Closable } from '../cloud/opened-clusters.ts';

export interface SweptCluster extends Closable {
  sweep(): Promise<void>;
}

export interface SweepsOptions {
  readonly clusters: Clusters;
  readonly world: Pick<World, 'log'>;
  open(cluster: ClusterIdentity): SweptCluster;
}

const atOnce = 8;
/** How many clusters stay open; each keeps only a connection to the table. */
const openMax = 64;

export function createSweeps({ clusters, world: { log }, open }: SweepsOptions): () => Promise<void> {
  const opened = createOpenedClusters({ open: async (cluster) => open(cluster), openMax, log });
  clusters.onRead(opened.keepOnly);

  async function sweepOne(cluster: ClusterIdentity): Promise<void> {
    const held = await opened.hold(cluster);
    try {
      await held.opened.sweep();
    } finally {
      held.release();
    }
  }

  return async () => {
    const waiting = [...(await clusters.all())];
    const failures: unknown[] = [];
    const work = async (): Promise<void> => {
      for (let cluster = waiting.shift(); cluster !== undefined; cluster = waiting.shift()) {
        try {
          await sweepOne(cluster);
        } catch (error) {
          log.error('a cluster could not be swept', { cluster: cluster.id, error });
          failures.push(error);
        }
      }
    };
    await Promise.all(Array.from({ length: atOnce }, work));
    if (failures.length > 0) throw new AggregateError(failures, `${failures.length} clusters could not be swept`);
  };
}
