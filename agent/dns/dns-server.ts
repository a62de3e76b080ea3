/**
 * The node's name server: the cluster's names from memory, all others by way of the machine's own servers. It listens
 * on an address that every node has, so that a pod's name server never is on another node.
 */
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { createServer, type Server, type Socket } from 'node:net';
import type { EndpointSlice, Service } from '../../functions/kube/generated/types.ts';
import type { Clock, Log } from '../../functions/world.ts';
import { decide, startOfAuthority, type Reply, type Zone } from './answer.ts';
import { frame, inFrames } from './frames.ts';
import { decode, encodeReply, parseQuery, type Query, type ReplyContent } from './message.ts';
import { serviceIndex } from './service-index.ts';
import { noSettings, stubOf, type DnsSettings } from './dns-settings.ts';
import { createUpstreams, type Upstreams } from './upstream.ts';
import dnsPacket, { type Answer } from 'dns-packet';

export interface DnsOptions {
  readonly address: string;
  readonly port?: number;
  /** The domain of the cluster's names, such as cluster.local. */
  readonly clusterDomain: string;
  /** `address` or `address:port`; see `machineServers`. */
  readonly upstreams: readonly string[];
  readonly clock: Clock;
  readonly log: Log;
}

export interface Dns {
  readonly port: number;
  /** Replaces what the server knows. */
  update(services: readonly Service[], endpointSlices: readonly EndpointSlice[]): void;
  /** Whom to ask for the names outside of the cluster. */
  choose(settings: DnsSettings): void;
  close(): Promise<void>;
}

const tcpBytesMax = 65_535;
const tcpIdleMs = 10_000;
const tcpConnectionsMax = 200;

/** Resolves when it listens, over UDP and TCP, in the network of this process. */
export async function createDns(options: DnsOptions): Promise<Dns> {
  const { address, log } = options;
  const resolver = createResolver(options);
  const udp = await listenUdp(address, options.port ?? 53);
  const { port } = udp.address();
  udp.on('error', (error) => log.warn('The name server’s UDP socket complains', { error }));
  udp.on('message', (bytes, from) => {
    resolver.resolve(bytes, 'udp').then(
      (reply) => reply === undefined || udp.send(reply, from.port, from.address, () => undefined),
      (error: unknown) => log.error('A DNS question could not be answered', { error }),
    );
  });
  const connections = new Set<Socket>();
  const tcp = await listenTcp(address, port, (socket) => {
    connections.add(socket);
    socket.on('close', () => connections.delete(socket));
    serveTcp(socket, resolver.resolve, options);
  });
  return {
    port,
    update: resolver.update,
    choose: resolver.choose,
    async close() {
      for (const socket of connections) socket.destroy();
      await Promise.all([new Promise<void>((resolve) => udp.close(resolve)), new Promise((resolve) => tcp.close(resolve))]);
    },
  };
}

type Resolve = (bytes: Buffer, over: 'udp' | 'tcp') => Promise<Buffer | undefined>;

interface Resolver {
  /** Undefined for what deserves no answer. */
  readonly resolve: Resolve;
  readonly update: Dns['update'];
  readonly choose: Dns['choose'];
}

function createResolver({ clusterDomain, upstreams: servers, clock }: DnsOptions): Resolver {
  const domain = clusterDomain.toLowerCase();
  const outside = createOutside(servers, clock);
  let zone: Zone = { domain, index: serviceIndex([], []) };
  let turn = 0;

  const contentOf = async (query: Query, reply: Reply, over: 'udp' | 'tcp'): Promise<ReplyContent> => {
    const target = reply.alias === undefined ? [] : await lookUp(reply.alias, query.type, over);
    const answers = [...reply.answers, ...target];
    const authorities = answers.length === 0 ? [startOfAuthority(domain)] : [];
    // Callers that take the first address should not all take the same.
    const turned = answers.every(({ type }) => type === 'A') ? rotated(answers, (turn += 1)) : answers;
    return {
      code: reply.nxdomain ? 'NXDOMAIN' : 'NOERROR',
      authoritative: true,
      answers: turned,
      authorities,
      additionals: reply.additionals,
    };
  };

  const lookUp = async (name: string, type: string, over: 'udp' | 'tcp'): Promise<readonly Answer[]> => {
    if (type !== 'A' && type !== 'AAAA') return [];
    const flags = dnsPacket.RECURSION_DESIRED;
    const answer = await outside
      .knowing(name.toLowerCase())
      .ask(dnsPacket.encode({ type: 'query', id: (turn += 1) & 0xffff, flags, questions: [{ name, type }] }), over);
    return answer === undefined ? [] : (decode(answer)?.answers ?? []);
  };

  return {
    update(services, endpointSlices) {
      zone = { domain, index: serviceIndex(services, endpointSlices) };
    },
    choose: outside.choose,
    async resolve(bytes, over) {
      const query = parseQuery(bytes);
      if (query === undefined) return undefined;
      const bytesMax = over === 'udp' ? query.udpBytesMax : tcpBytesMax;
      if ((bytes.readUInt16BE(2) & 0x7800) !== 0) return encodeReply(query, { code: 'NOTIMP', authoritative: false }, bytesMax);
      const decision = decide(query, zone);
      if (decision.outcome === 'reply') return encodeReply(query, await contentOf(query, decision, over), bytesMax);
      return (
        (await outside.knowing(query.name).ask(bytes, over)) ?? encodeReply(query, { code: 'SERVFAIL', authoritative: false }, bytesMax)
      );
    },
  };
}

interface Outside {
  /** The servers for a name in lower case. */
  knowing(name: string): Upstreams;
  readonly choose: Dns['choose'];
}

function createOutside(machineServers: readonly string[], clock: Clock): Outside {
  const of = (servers: readonly string[]): Upstreams => createUpstreams({ servers, clock });
  let settings = noSettings;
  let others = of(machineServers);
  let stubs = new Map<string, Upstreams>();
  return {
    knowing: (name) => stubs.get(stubOf(name, settings) ?? '') ?? others,
    choose(chosen) {
      settings = chosen;
      others = of(chosen.upstreams.length > 0 ? chosen.upstreams : machineServers);
      stubs = new Map([...chosen.stubDomains].map(([domain, servers]) => [domain, of(servers)]));
    },
  };
}

function rotated<T>(items: readonly T[], by: number): readonly T[] {
  const start = items.length === 0 ? 0 : by % items.length;
  return [...items.slice(start), ...items.slice(0, start)];
}

const listenUdp = (address: string, port: number): Promise<UdpSocket> =>
  new Promise((resolve, reject) => {
    const socket = createSocket('udp4');
    socket.once('error', reject);
    socket.bind(port, address, () => {
      socket.off('error', reject);
      resolve(socket);
    });
  });

const listenTcp = (address: string, port: number, serve: (socket: Socket) => void): Promise<Server> =>
  new Promise((resolve, reject) => {
    const server = createServer(serve);
    server.maxConnections = tcpConnectionsMax;
    server.once('error', reject);
    server.listen(port, address, () => {
      server.off('error', reject);
      resolve(server);
    });
  });

function serveTcp(socket: Socket, resolve: Resolve, { clock, log }: Pick<DnsOptions, 'clock' | 'log'>): void {
  const endWhenIdle = (): (() => void) => clock.after(tcpIdleMs, () => socket.destroy());
  let cancel = endWhenIdle();
  socket.on('close', () => cancel());
  socket.on('error', () => socket.destroy());
  inFrames(socket, (message) => {
    cancel();
    cancel = endWhenIdle();
    resolve(message, 'tcp').then(
      (reply) => (reply === undefined ? socket.destroy() : socket.write(frame(reply))),
      (error: unknown) => log.error('A DNS question could not be answered', { error }),
    );
  });
}
