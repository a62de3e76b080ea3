/**
 * The handler of a worker's function: a run for each cluster that was rung for, side by side, whatever the number of
 * rings. It never fails a message: a failed message would lock its group until the queue lets go of it. A run that could
 * not be held is rung for again a little later.
 */
import type { WorkerGroupName } from '../manifest.ts';
import { TakenOver } from '../workers/cursor.ts';
import type { Doorbells } from '../workers/doorbell/doorbells.ts';
import type { Ring } from '../workers/doorbell/sqs-doorbell.ts';
import type { World } from '../world.ts';
import type { ClusterIdentity, Clusters } from '../cloud/clusters.ts';
import { allDone, type BatchAnswer, type InvocationContext, type QueueEvent } from './event-sources.ts';
import { createOpenedClusters, type Closable } from '../cloud/opened-clusters.ts';
import { createRuns, type Worker } from './runs.ts';
import type { WorkerNotes } from './worker-notes.ts';

export interface OpenedWorker extends Worker, Closable {
  readonly notes: WorkerNotes;
}

export interface WorkerHandlerOptions {
  readonly group: WorkerGroupName;
  readonly clusters: Clusters;
  readonly doorbells: Doorbells;
  readonly world: World;
  /** Called when a cluster is rung for that is not open. */
  open(cluster: ClusterIdentity): Promise<OpenedWorker>;
}

/** Held in memory by one environment. A batch never brings more than ten. */
const openMax = 20;
const retryMs = 5_000;

export type QueueHandler = (event: QueueEvent, context: InvocationContext) => Promise<BatchAnswer>;

export function createWorkerHandler({ group, clusters, doorbells, world, open }: WorkerHandlerOptions): QueueHandler {
  const opened = createOpenedClusters({
    openMax,
    log: world.log,
    async open(cluster) {
      const worker = await open(cluster);
      const isThere = async (): Promise<boolean> => (await clusters.withId(cluster.id)) !== undefined;
      const doorbell = doorbells.of(cluster.id);
      return { run: createRuns({ group, doorbell, notes: worker.notes, world, worker, isThere }), close: () => worker.close() };
    },
  });
  clusters.onRead(opened.keepOnly);

  async function hold(id: string, context: InvocationContext): Promise<void> {
    const log = world.log.with({ group, clusterId: id });
    try {
      const cluster = await clusters.withId(id);
      if (cluster === undefined) return log.info('a cluster that is no more was rung for');
      const held = await opened.hold(cluster);
      try {
        await held.opened.run(context);
      } finally {
        held.release();
      }
    } catch (error) {
      if (error instanceof TakenOver) log.info('another worker has taken over', { error });
      else log.error('run failed', { error, retryMs });
      doorbells.of(id).ringAfter(group, retryMs);
    }
  }

  return async ({ Records }, context) => {
    const ids = new Set(Records.map(({ body }) => (JSON.parse(body) as Ring).cluster));
    await Promise.all([...ids].map((id) => hold(id, context)));
    await doorbells.flush();
    return allDone;
  };
}
