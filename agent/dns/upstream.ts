/** Asks the machine's own name servers what is not ours to answer. */
import { createSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { connect, isIPv4 } from 'node:net';
import type { Clock } from '../../functions/world.ts';
import { inFrames, frame } from './frames.ts';

export interface Upstreams {
  /** The answer as it came, or undefined when no server answered in time. */
  ask(query: Buffer, over: 'udp' | 'tcp'): Promise<Buffer | undefined>;
}

interface UpstreamOptions {
  /** `address` or `address:port`, in the order in which to ask them. */
  readonly servers: readonly string[];
  readonly clock: Clock;
}

const answerWithinMs = 2_000;

/** A server that did not answer is not asked for so long: without network, names must fail fast. */
const restMs = 5_000;

/** More questions than these at once are not for us to keep. */
const inFlightMax = 500;

export function createUpstreams({ servers, clock }: UpstreamOptions): Upstreams {
  const restingUntilMs = new Map<string, number>();
  let inFlight = 0;

  const askOne = async (server: string, query: Buffer, over: 'udp' | 'tcp'): Promise<Buffer | undefined> => {
    const [address = '', port = '53'] = server.split(':');
    const answer = await (over === 'udp' ? askUdp : askTcp)({ address, port: Number(port) }, query, clock);
    if (answer === undefined) restingUntilMs.set(server, clock.monotonicMs() + restMs);
    return answer;
  };

  return {
    async ask(query, over) {
      if (inFlight >= inFlightMax) return undefined;
      inFlight += 1;
      try {
        for (const server of servers) {
          if ((restingUntilMs.get(server) ?? 0) > clock.monotonicMs()) continue;
          const answer = await askOne(server, query, over);
          if (answer !== undefined) return answer;
        }
        return undefined;
      } finally {
        inFlight -= 1;
      }
    },
  };
}

interface ServerAddress {
  readonly address: string;
  readonly port: number;
}

/** A socket for each question: the kernel chooses a port that attackers cannot guess, and takes answers from this server only. */
function askUdp({ address, port }: ServerAddress, query: Buffer, clock: Clock): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    const finish = (answer: Buffer | undefined): void => {
      cancel();
      socket.close();
      socket.removeAllListeners();
      socket.on('error', () => undefined);
      resolve(answer);
    };
    const cancel = clock.after(answerWithinMs, () => finish(undefined));
    socket.on('error', () => finish(undefined));
    socket.on('message', (answer) => {
      if (answer.length > 2 && answer.readUInt16BE(0) === query.readUInt16BE(0)) finish(answer);
    });
    socket.connect(port, address, () => socket.send(query));
  });
}

function askTcp({ address, port }: ServerAddress, query: Buffer, clock: Clock): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port });
    const finish = (answer: Buffer | undefined): void => {
      cancel();
      socket.destroy();
      resolve(answer);
    };
    const cancel = clock.after(answerWithinMs, () => finish(undefined));
    socket.on('error', () => finish(undefined));
    socket.on('close', () => finish(undefined));
    inFrames(socket, (answer) => finish(answer));
    socket.write(frame(query));
  });
}

/** Servers of a resolv.conf that can be reached from a network of one's own: not those on the machine's loopback. */
export const serversIn = (resolvConf: string): readonly string[] =>
  resolvConf
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .flatMap(([keyword, address = '', ...rest]) => (keyword === 'nameserver' && rest.length === 0 && isIPv4(address) ? [address] : []))
    .filter((address) => !address.startsWith('127.'));

/** The first file names only the loopback under systemd-resolved, which lists its servers in the second. */
const resolvConfs = ['/etc/resolv.conf', '/run/systemd/resolve/resolv.conf'];

export function machineServers(paths: readonly string[] = resolvConfs): readonly string[] {
  for (const path of paths) {
    const servers = serversIn(readIfThere(path));
    if (servers.length > 0) return servers;
  }
  return [];
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '';
    throw error;
  }
}
