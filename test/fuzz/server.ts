/**
 * Our control plane in a process of its own: what it takes is measured there, and a request that never ends blocks only
 * it. Started as a program, this file is that process.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { type ApiAddress } from '../compare/servers/api-connection.ts';
import { startOurPlane } from '../compare/workloads/planes.ts';

export interface Usage {
  /** The time of the processor, since the server began. */
  readonly cpuMs: number;
  /** What is left after a collection. */
  readonly heapMiB: number;
}

export interface FuzzedServer {
  readonly address: ApiAddress;
  usage(): Promise<Usage>;
  stop(): Promise<void>;
}

/** The start of a control plane is the longest. */
const answerMsMax = 300_000;

export async function startFuzzedServer(): Promise<FuzzedServer> {
  const child = fork(import.meta.filename, { execArgv: ['--expose-gc'] });
  process.once('exit', () => child.kill('SIGKILL'));
  const answered = async <T>(): Promise<T> => {
    const [answer] = (await once(child, 'message', { signal: AbortSignal.timeout(answerMsMax) })) as [T];
    return answer;
  };
  const address = await answered<ApiAddress>();
  return {
    address,
    usage() {
      const answer = answered<Usage>();
      child.send('usage');
      return answer;
    },
    async stop() {
      const ended = once(child, 'exit');
      child.send('stop');
      await ended;
    },
  };
}

const mebibyte = 2 ** 20;

function usage(): Usage {
  const { user, system } = process.cpuUsage();
  globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return { cpuMs: (user + system) / 1000, heapMiB: (heapUsed + arrayBuffers) / mebibyte };
}

async function serve(): Promise<void> {
  const { access, stop } = await startOurPlane();
  const { hostname, port } = new URL(access.server);
  const { certificatePem = '', keyPem = '' } = access;
  const address: ApiAddress = { host: hostname, port: Number(port), headers: {}, certificate: { certificatePem, keyPem } };
  process.send?.(address);
  process.on('message', (message) => {
    if (message === 'usage') process.send?.(usage());
    else void stop().then(() => process.disconnect());
  });
  // Its end must not leave this one behind.
  process.on('disconnect', () => process.exit());
}

if (import.meta.main) await serve();
