/** Another cluster in a cloud on this machine, made as the command line makes one, with nodes of its own. */
import { defaultNetworks, nodeNetworks } from '../../functions/kube/cluster-networks.ts';
import { join } from 'node:path';
import { adminTokenOf } from '../../functions/cloud/admin-token.ts';
import { clusterPath } from '../../functions/cloud/cluster-address.ts';
import type { Client } from '../../functions/client/client.ts';
import { createHttpClient } from '../../functions/client/http-client.ts';
import { createHttpsFetch } from '../../functions/client/https-fetch.ts';
import type { TokenRequest } from '../../functions/kube/generated/types.ts';
import { tokenPath } from '../../functions/node-protocol/node-poll.ts';
import { clusterRecords, type ClusterRecord } from '../../functions/store/dynamodb/cluster-records.ts';
import { realWorld } from '../../functions/world.ts';
import { sharedTable, tableAccess } from '../../infra/local/cloud/shared-table.ts';
import { clusterRecord } from '../../infra/local/cluster-record.ts';
import { dataDirectory, readIfThere } from '../../infra/local/data-directory.ts';
import { startSimulatedNodes, type SimulatedNodes } from '../../infra/local/simulated-nodes.ts';
import { eventually } from './eventually.ts';

export interface SecondCluster {
  readonly id: string;
  readonly path: string;
  readonly adminToken: string;
  readonly client: Client;
  fetch(path: string, token?: string, method?: 'GET' | 'POST'): Promise<Response>;
  nodeToken(name: string): Promise<string>;
  startNodes(...names: string[]): Promise<SimulatedNodes>;
  close(): void;
}

const world = realWorld('error');

function recordsIn(root: string): ReturnType<typeof clusterRecords> {
  const table = sharedTable(dataDirectory(root));
  if (table === undefined) throw new Error(`there is no cloud in ${root}`);
  const { tableName, access } = tableAccess(table);
  return clusterRecords({ tableName, world, client: access });
}

export async function listed(root: string): Promise<readonly ClusterRecord[]> {
  const records = recordsIn(root);
  const all = await records.list();
  records.close();
  return all;
}

/** One that is there already, or the new one of this name. */
export async function secondCluster(root: string, name: string, port?: number): Promise<SecondCluster> {
  const records = recordsIn(root);
  const id = `${name}.tested`;
  await records.create({ name, id, createdMs: world.clock.now() });
  const record = (await records.list()).find((one) => one.name === name);
  records.close();
  const directory = dataDirectory(root);
  const own = record?.id ?? id;
  const adminToken = adminTokenOf(sharedTable(directory)?.adminSecret ?? '', own);
  const caFile = join(directory.pki, 'ca.crt');
  const host = `https://127.0.0.1:${port ?? clusterRecord(directory)?.port}`;
  const path = clusterPath(name);
  const access = { server: `${host}${path}`, caPem: readIfThere(caFile) ?? '' };
  const https = createHttpsFetch({ ...access, token: adminToken });
  const client = createHttpClient({ baseUrl: access.server, fetch: https });
  const nodeToken = async (node: string): Promise<string> => {
    const headers = { 'content-type': 'application/json' };
    const response = await https(new Request(`${access.server}${tokenPath(node)}`, { method: 'POST', body: '{}', headers }));
    return ((await response.json()) as TokenRequest).status?.token ?? '';
  };
  await eventually(async () => void (await https(new Request(`${access.server}/readyz`))).text());
  return {
    id: own,
    path,
    adminToken,
    client,
    async fetch(asked, token, method = 'GET') {
      const once = createHttpsFetch({ server: host, caPem: access.caPem, ...(token === undefined ? {} : { token }) });
      const sent = method === 'POST' ? { body: '{}', headers: { 'content-type': 'application/json' } } : {};
      const response = await once(new Request(`${host}${asked}`, { method, ...sent }));
      const body = await response.text();
      once.close();
      return new Response(body, response);
    },
    nodeToken,
    startNodes: (...names) =>
      startSimulatedNodes({
        controlPlane: { port: Number(new URL(host).port), nodeToken },
        path,
        names,
        caFile,
        rootDirectory: join(root, 'simulated', name),
        networks: nodeNetworks(defaultNetworks),
        world,
      }),
    close: () => https.close(),
  };
}
