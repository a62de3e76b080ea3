/**
 * The ports at which load balancers check nodes. `healthCheckNodePort` of a Service with a Local policy answers 200 while
 * this node has ready endpoints of it. A port of the node itself answers for all other Services.
 *
 * Source: pkg/proxy/healthcheck/service_health.go, proxy_health.go.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { EndpointSlice, Service } from '../../functions/kube/generated/types.ts';
import type { Clock, Log } from '../../functions/world.ts';
import { isProxied, readyHere, slicesByService } from './endpoints.ts';

export interface HealthCheckPorts {
  sync(services: readonly Service[], endpointSlices: readonly EndpointSlice[]): Promise<void>;
  close(): Promise<void>;
}

export interface HealthCheckPortsOptions {
  /** The node's address, at which the ports answer. */
  readonly address: string;
  readonly nodeName: string;
  /** Whether the node takes new connections: not while it is being removed. */
  readonly isEligible: () => boolean;
  /** The Service's health check port; 0 for none. */
  readonly nodePort?: number;
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Log;
}

/** Source: pkg/cluster/ports/ports.go, ProxyHealthzPort. */
const nodePortDefault = 10_256;

interface ServiceHealth {
  readonly namespace: string;
  readonly name: string;
  readonly localEndpoints: number;
}

type Answer = () => { readonly status: number; readonly body: object; readonly headers?: Readonly<Record<string, string>> };

export function createHealthCheckPorts(options: HealthCheckPortsOptions): HealthCheckPorts {
  const { address, nodeName, isEligible, nodePort = nodePortDefault, clock, log } = options;
  const services = new Map<number, ServiceHealth>();
  const servers = new Map<number, Server>();
  let syncedMs: number | undefined;

  const answerFor = (port: number): Answer => {
    if (port === nodePort) return nodeAnswer;
    return () => {
      const { namespace, name, localEndpoints } = services.get(port) ?? { namespace: '', name: '', localEndpoints: 0 };
      const serviceProxyHealthy = syncedMs !== undefined;
      return {
        status: localEndpoints > 0 && serviceProxyHealthy ? 200 : 503,
        headers: { 'X-Load-Balancing-Endpoint-Weight': `${localEndpoints}` },
        body: { service: { namespace, name }, localEndpoints, serviceProxyHealthy },
      };
    };
  };
  const nodeAnswer: Answer = () => {
    const nodeEligible = isEligible();
    const currentTime = new Date(clock.now()).toISOString();
    const lastUpdated = syncedMs === undefined ? '' : new Date(syncedMs).toISOString();
    return { status: nodeEligible && syncedMs !== undefined ? 200 : 503, body: { lastUpdated, currentTime, nodeEligible } };
  };

  const open = async (port: number): Promise<void> => {
    try {
      servers.set(port, await listening(answerFor(port), port, address));
    } catch (error) {
      if (!(error instanceof Error && 'code' in error)) throw error;
      // Another program has the port; the next sync tries again.
      log.warn('A port for the health checks of balancers could not be opened', { port, error });
    }
  };

  return {
    async sync(all, endpointSlices) {
      services.clear();
      for (const [port, health] of healthOf(all, endpointSlices, nodeName)) services.set(port, health);
      syncedMs = clock.now();
      const wanted = new Set([...services.keys(), ...(nodePort === 0 ? [] : [nodePort])]);
      for (const [port, server] of servers) {
        if (wanted.has(port)) continue;
        servers.delete(port);
        await closed(server);
      }
      for (const port of wanted) if (!servers.has(port)) await open(port);
    },
    async close() {
      for (const server of servers.values()) await closed(server);
      servers.clear();
    },
  };
}

function healthOf(
  services: readonly Service[],
  endpointSlices: readonly EndpointSlice[],
  nodeName: string,
): ReadonlyMap<number, ServiceHealth> {
  const asked = services.filter(({ spec }) => spec.externalTrafficPolicy === 'Local' && (spec.healthCheckNodePort ?? 0) > 0);
  if (asked.length === 0) return new Map();
  const slices = slicesByService(endpointSlices);
  return new Map(
    asked.filter(isProxied).map(({ metadata, spec }) => {
      const [namespace, name] = [metadata.namespace ?? '', metadata.name ?? ''];
      const localEndpoints = readyHere(slices.get(`${namespace}/${name}`) ?? [], nodeName);
      return [spec.healthCheckNodePort ?? 0, { namespace, name, localEndpoints }];
    }),
  );
}

function listening(answer: Answer, port: number, address: string): Promise<Server> {
  const server = createServer((_: IncomingMessage, response: ServerResponse) => {
    const { status, body, headers = {} } = answer();
    response.writeHead(status, { 'Content-Type': 'application/json', 'X-Content-Type-Options': 'nosniff', ...headers });
    response.end(JSON.stringify(body));
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, address, () => {
      server.off('error', reject);
      resolve(server);
    });
  });
}

const closed = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
