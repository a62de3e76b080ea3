/**
 * The API as hosts in a cloud serve it. The first request about a cluster opens its API. It follows the log while answers
 * last, and rings the cluster's doorbells.
 */
import { StatusError } from '../kube/status-error.ts';
import { bodyWithEnd } from '../apiserver/http/body-with-end.ts';
import type { Connection } from '../apiserver/ports.ts';
import { addressOf, claimedCluster } from '../cloud/cluster-address.ts';
import { clustersMax, type ClusterIdentity } from '../cloud/clusters.ts';
import { openControlPlane } from '../cloud/control-plane.ts';
import { bundledDashboardFiles } from './bundled-dashboard-files.ts';
import { bundledJoinFiles } from './bundled-join-files.ts';
import { bundledDescriptions } from './bundled-descriptions.ts';
import { createFollower, type Follower } from './follower.ts';
import { createOpenedClusters, TooManyOpen } from '../cloud/opened-clusters.ts';
import type { Rooted } from './start-function.ts';
import type { Api } from '../api.ts';
import { isLog } from './bounded-request.ts';

export interface ApiHostOptions {
  /** Where a client and a node's agent do not meet in one process: how long a log, which then goes by mail, may be read. */
  readonly mailedLogSecondsMax?: number;
  readonly pollHoldSecondsMax: number;
  /** Clusters in memory at a time. Default: as many as may share a stack. */
  readonly openMax?: number;
}

export interface ApiHost {
  /** Resolves when the audit log has the ends of all answers so far. */
  settled(): Promise<void>;
  fetch(request: Request, connection: Connection): Promise<Response>;
}

interface Opened {
  readonly api: Api;
  readonly follower: Follower;
  settled(): Promise<void>;
  close(): Promise<void>;
}

const tooManyOpen = new StatusError(429, 'TooManyRequests', 'too many clusters are being used here; try again in a moment', {
  details: { retryAfterSeconds: 1 },
});
const unavailable = new StatusError(503, 'ServiceUnavailable', 'the API cannot reach its table; try again in a moment');

export function createApiHost(rooted: Rooted, options: ApiHostOptions): ApiHost {
  // Nodes that poll hold each cluster of a stack open, so that there must be room for all.
  const { mailedLogSecondsMax, pollHoldSecondsMax, openMax = clustersMax } = options;
  const { settings, world, clusters, doorbells, openTable } = rooted;
  const isMailed = (path: string): boolean => mailedLogSecondsMax !== undefined && isLog(path);
  const shared = {
    settings,
    world,
    pollHoldSecondsMax,
    mailedLogSecondsMax,
    descriptions: bundledDescriptions,
    joinFiles: bundledJoinFiles(),
    ...(settings.hasDashboard ? { dashboardFiles: bundledDashboardFiles() } : {}),
  };
  const open = async (cluster: ClusterIdentity): Promise<Opened> => {
    const [table, doorbell] = [openTable(cluster), doorbells.of(cluster.id)];
    const { api, store, settled, close } = await openControlPlane({ ...shared, cluster, table, doorbell });
    return { api, follower: createFollower(store, world), settled, close };
  };
  const opened = createOpenedClusters({ open, openMax, log: world.log });
  let ending = Promise.resolve();
  clusters.onRead(opened.keepOnly);

  /** Undefined: there is no such cluster, which the caller does not learn. */
  async function clusterOf(name: string | undefined, request: Request): Promise<ClusterIdentity | undefined> {
    if (name !== undefined) return clusters.named(name);
    const claimed = claimedCluster(request.headers.get('authorization'));
    return (claimed === undefined ? undefined : await clusters.named(claimed)) ?? clusters.default;
  }

  return {
    settled: () => ending,
    async fetch(request, connection) {
      const arrivedMs = world.clock.monotonicMs();
      const url = new URL(request.url);
      const { name, path } = addressOf(url.pathname);
      try {
        const cluster = await clusterOf(name, request);
        const isNowhere = cluster === undefined;
        const asked = name === undefined ? request : withPath(request, url, path);
        const { opened: host, release } = await opened.hold(cluster ?? clusters.default);
        const follower = isMailed(path) ? undefined : host.follower;
        const end = (): void => {
          const before = ending;
          ending = host.settled().then(() => before);
          release();
        };
        return await followed(follower, end, async () => {
          const response = await host.api.fetch(asked, { ...connection, arrivedMs, ...(isNowhere ? { isNowhere } : {}) });
          await host.settled();
          return response;
        });
      } catch (error) {
        if (error instanceof TooManyOpen) return statusResponse(tooManyOpen);
        world.log.error('the API cannot be opened', { error });
        return statusResponse(unavailable);
      }
    },
  };
}

function withPath(request: Request, from: URL, path: string): Request {
  const url = new URL(from);
  url.pathname = path;
  return new Request(url, request);
}

function statusResponse(error: StatusError): Response {
  const retryAfter = error.details?.retryAfterSeconds;
  return Response.json(error.toStatus(), {
    status: error.code,
    headers: retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) },
  });
}

/** Holds the cluster open, and the follower if the answer needs one, until the body was read or left. */
async function followed(follower: Follower | undefined, release: () => void, answer: () => Promise<Response>): Promise<Response> {
  const unfollow = follower?.hold();
  const end = (): void => {
    unfollow?.();
    release();
  };
  try {
    const response = await answer();
    if (response.body === null) {
      end();
      return response;
    }
    return new Response(bodyWithEnd(response.body, end), response);
  } catch (error) {
    end();
    throw error;
  }
}
