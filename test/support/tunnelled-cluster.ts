/** An API that listens, or two processes of it that share a table, and one node whose agent carries tunnels. Every pod's address leads to this machine's own loopback. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { createNodeServer } from '../../agent/relay/node-server.ts';
import { createMailedTunnels } from '../../agent/relay/mailed-tunnels.ts';
import { connectRuntime } from '../../agent/relay/runtime-connection.ts';
import { splice } from '../../agent/relay/splice.ts';
import { createReach, createTunnels } from '../../agent/relay/tunnel.ts';
import { createTransport } from '../../agent/transport.ts';
import { createApi, type Api } from '../../functions/api.ts';
import { newSigningKeyPem, signingKeyOf } from '../../functions/apiserver/auth/keys.ts';
import { createTokens } from '../../functions/apiserver/auth/tokens.ts';
import type { User } from '../../functions/apiserver/ports.ts';
import { createLiveRegistry } from '../../functions/apiserver/registry/live-registry.ts';
import type { Client } from '../../functions/client/client.ts';
import { createFollower } from '../../functions/lambda/follower.ts';
import { startWebHost } from '../../functions/lambda/web-host.ts';
import type { ContainerRelay, PodReport, RelayRequest, TunnelTarget } from '../../functions/node-protocol/node-poll.ts';
import { namespaces, nodes, pods, serviceAccounts } from '../../functions/kube/resource-type.ts';
import { createDefinitions } from '../../functions/resources/all.ts';
import { customKinds, declaringResource } from '../../functions/resources/custom/custom-kinds.ts';
import { bodyWithEnd } from '../../functions/apiserver/http/body-with-end.ts';
import { createStore } from '../../functions/store/create-store.ts';
import type { Table } from '../../functions/store/table.ts';
import { memoryTable } from '../../functions/store/memory/memory-table.ts';
import { realWorld } from '../../functions/world.ts';

export const admin: User = { name: 'admin', groups: ['system:masters', 'system:authenticated'] };

export interface TunnelledCluster {
  readonly api: Api;
  readonly client: Client;
  /** Where requests are answered as the administrator's. */
  readonly url: string;
  readonly port: number;
  /** A pod that answers at this address. */
  addPod(name: string, address: string, ports: readonly number[]): Promise<void>;
  /** The node reports it with its next polls, until it is taken. */
  report(report: PodReport): void;
  /** How many the node was asked for. */
  readonly tunnels: () => number;
  close(): Promise<void>;
}

const podSpec = { nodeName: 'a', containers: [{ name: 'c', image: 'web' }] };

export interface TunnelledOptions {
  /** The node's agent talks to another process than its callers do: tunnels go by mail. */
  readonly byMail?: boolean;
  /** The table that the processes share. */
  readonly table?: Table;
  /** The port of a server that answers as the containers' runtime. */
  readonly runtimePort?: number;
}

const secret = new Uint8Array(32).fill(9);
const secondsMax = 60;

export async function tunnelledCluster({
  byMail = false,
  table = memoryTable(),
  runtimePort = 0,
}: TunnelledOptions = {}): Promise<TunnelledCluster> {
  const world = realWorld('error');
  const tokens = createTokens({ keys: [signingKeyOf(await newSigningKeyPem())], ...world });
  const sources = [{ resource: declaringResource, kinds: customKinds }];
  const open = async () => {
    const store = await createStore({ table, world });
    const registry = createLiveRegistry({ definitions: createDefinitions(), sources });
    const tunnelMail = byMail ? { tunnelMail: { mail: table, secret, secondsMax, isAlone: true } } : {};
    return { store, api: createApi({ store, registry, tokens, world, ...tunnelMail }) };
  };
  const { store, api } = await open();
  const client = api.clientFor(admin);
  for (const name of ['default', 'kube-system', 'kube-node-lease']) await client.create(namespaces, { metadata: { name }, spec: {} });
  await client.create(serviceAccounts, { metadata: { name: 'default', namespace: 'default' } });
  const addresses = [{ type: 'InternalIP', address: '10.0.0.1' }];
  await client.create(nodes, { metadata: { name: 'a' }, spec: {}, status: { addresses, conditions: [{ type: 'Ready', status: 'True' }] } });

  const isNodes = (request: Request): boolean => request.headers.has('authorization');
  const other = byMail ? await open() : undefined;
  const follower = other === undefined ? undefined : createFollower(other.store, world);
  const nodesFetch: Api['fetch'] = async (request, connection) => {
    const release = follower?.hold() ?? (() => undefined);
    const response = await (other?.api ?? api).fetch(request, connection);
    if (response.body === null) release();
    return response.body === null ? response : new Response(bodyWithEnd(response.body, release), response);
  };
  const host = await startWebHost({
    host: '127.0.0.1',
    port: 0,
    upgrades: true,
    log: world.log,
    fetch: (request, connection) =>
      isNodes(request) ? nodesFetch(request, connection) : api.fetch(request, { ...connection, user: admin }),
  });
  const url = `http://127.0.0.1:${host.port}`;

  const directory = mkdtempSync(join(tmpdir(), 'tunnelled-'));
  const tokenFile = join(directory, 'token');
  writeFileSync(tokenFile, (await tokens.issueNodeToken('a', { expirationSeconds: 3600 })).token);
  const node = startNode(url, { tokenFile, directory, log: world.log, runtimePort });
  return {
    api,
    client,
    url,
    port: host.port,
    tunnels: node.tunnels,
    report: node.report,
    async addPod(name, address, ports) {
      const containers = [{ ...podSpec.containers[0]!, ports: ports.map((containerPort) => ({ containerPort })) }];
      await client.create(pods, { metadata: { name, namespace: 'default' }, spec: { ...podSpec, containers } });
      const current = await client.get(pods, { namespace: 'default', name });
      const status = { phase: 'Running', podIP: address, podIPs: [{ ip: address }] };
      await client.update(pods, { ...current, status }, 'status');
    },
    async close() {
      api.close();
      other?.api.close();
      node.stop();
      await host.close();
      await other?.store.close();
      await store.close();
      rmSync(directory, { recursive: true });
    },
  };
}

interface NodeOptions {
  readonly runtimePort: number;
  readonly tokenFile: string;
  readonly directory: string;
  readonly log: ReturnType<typeof realWorld>['log'];
}

interface StartedNode {
  stop(): void;
  tunnels(): number;
  report(report: PodReport): void;
}

function startNode(server: string, { tokenFile, directory, log, runtimePort }: NodeOptions): StartedNode {
  const end = new AbortController();
  const transport = createTransport({ nodeName: 'a', server, tokenFile });
  const config = {
    nodeName: 'a',
    server,
    tokenFile,
    runtime: 'simulated',
    rootDirectory: directory,
    nodeIp: '10.0.0.1',
    clusterDns: '10.96.0.10',
    clusterDomain: 'cluster.local',
    clusterCidr: '10.244.0.0/16',
  } as const;
  writeFileSync(join(directory, 'messages.log'), 'first line\n');
  const nodeServer = createNodeServer({ config, pods: () => [], logDirectory: directory });
  const reach = createReach({ nodeServer, signal: end.signal });
  const tunnel = createTunnels({ transport, reach, log });
  const known = new Set<string>();
  const reports: PodReport[] = [];
  let tunnels = 0;
  const loopback = (target: TunnelTarget): TunnelTarget => (target.to === 'port' ? { ...target, host: '127.0.0.1' } : target);
  const container = (request: ContainerRelay): Promise<Duplex> =>
    connectRuntime(request, new URL(`http://127.0.0.1:${runtimePort}/once`), end.signal);
  const mailed = createMailedTunnels({
    world: realWorld('error'),
    transport,
    signal: end.signal,
    async connect(request) {
      if (request.transport !== 'tunnel') return container(request);
      tunnels += 1;
      return reach(loopback(request.target));
    },
  });
  const upgraded = async (request: ContainerRelay): Promise<void> => {
    const { socket, head } = await transport.openConnection(request.id);
    const server = await container(request);
    server.write(head);
    await splice(socket, server);
  };
  const serve = (request: RelayRequest): void => {
    if (request.transport === 'mail') return mailed.announced();
    if (known.has(request.id)) return;
    known.add(request.id);
    if (request.transport !== 'tunnel') return void upgraded(request);
    tunnels += 1;
    void tunnel({ ...request, target: loopback(request.target) });
  };
  const poll = async (): Promise<void> => {
    for (let since: string | undefined; !end.signal.aborted;) {
      const pods = [...reports];
      const answer = await transport.poll({ waitSeconds: 1, pods, ...(since === undefined ? {} : { since }) }, end.signal);
      for (const relay of answer.relays) serve(relay);
      if (answer.unfinished === true) continue;
      since = answer.revision;
      reports.splice(0, pods.length);
    }
  };
  poll().catch((error: unknown) => {
    if (!end.signal.aborted) throw error;
  });
  return {
    tunnels: () => tunnels,
    report: (report) => void reports.push(report),
    stop() {
      end.abort();
      transport.close();
    },
  };
}
