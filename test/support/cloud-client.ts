/** Asks functions as they run here, over real connections, with the administrator's token. */
import { defaultNetworks } from '../../functions/kube/cluster-networks.ts';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { Status } from '../../functions/kube/generated/types.ts';
import { realWorld } from '../../functions/world.ts';
import { startCloudControlPlane, type CloudControlPlane } from '../../infra/local/cloud/cloud-control-plane.ts';
import type { Faults } from '../../infra/local/cloud/faults.ts';
import { dataDirectory } from '../../infra/local/data-directory.ts';

export interface Asked {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

export interface Answer<T> {
  readonly code: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: T;
}

export interface CloudClient {
  readonly controlPlane: CloudControlPlane;
  /** Resolves with the head of the answer. */
  open(method: string, path: string, asked?: Asked): Promise<IncomingMessage>;
  ask<T = Status>(method: string, path: string, asked?: Asked): Promise<Answer<T>>;
  /** The most memory that an environment of the API has used. */
  memoryMiBMax(): number;
  stop(): Promise<void>;
}

/** A control plane of its own, with nothing in it. */
export async function cloudClient(faults: Faults = {}): Promise<CloudClient> {
  const root = mkdtempSync(join(tmpdir(), 'hibernetes-cloud-'));
  const directory = dataDirectory(root);
  const addresses = [{ host: '127.0.0.1', port: 0 }];
  const place = { directory, addresses, advertise: '192.0.2.1', networks: defaultNetworks };
  const removeAll = (): void => rmSync(root, { recursive: true, force: true });
  const controlPlane = await startCloudControlPlane({ ...place, world: realWorld('error'), faults }).catch((error: unknown) => {
    removeAll();
    throw error;
  });
  const ca = readFileSync(join(directory.pki, 'ca.crt'));
  const agent = new Agent({ keepAlive: true });
  const token = 'token' in controlPlane.admin ? controlPlane.admin.token : '';

  async function open(method: string, path: string, { headers = {}, body }: Asked = {}): Promise<IncomingMessage> {
    const all = { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers };
    const call = httpsRequest({ host: '127.0.0.1', port: controlPlane.port, ca, agent, method, path, headers: all });
    // A server that refuses a request need not read its body to the end.
    const answered = once(call, 'response') as Promise<[IncomingMessage]>;
    call.end(body);
    return (await answered)[0];
  }
  return {
    controlPlane,
    open,
    async ask<T>(method: string, path: string, asked?: Asked) {
      const answer = await open(method, path, asked);
      return { code: answer.statusCode ?? 0, headers: answer.headers, body: JSON.parse(await text(answer)) as T };
    },
    memoryMiBMax: () => Math.max(0, ...apiProcesses().map(memoryMiB)),
    async stop() {
      agent.destroy();
      await controlPlane.stop();
      removeAll();
    },
  };
}

function apiProcesses(): string[] {
  const children = readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').split(' ');
  return children.filter((pid) => pid !== '' && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('api.web'));
}

const memoryMiB = (pid: string): number => Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
