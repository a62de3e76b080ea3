/**
 * Our API and scheduler in one process, on a store on disk. The scheduler has placed a pod and knows the nodes before the load is
 * created: upstream's is measured from the first pod that it places, too.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApi } from '../../../functions/api.ts';
import { newSigningKeyPem, signingKeyOf } from '../../../functions/apiserver/auth/keys.ts';
import { createTokens } from '../../../functions/apiserver/auth/tokens.ts';
import type { Client } from '../../../functions/client/client.ts';
import { bootstrap } from '../../../functions/cloud/bootstrap.ts';
import { openClusterStore } from '../../../functions/cluster-store.ts';
import { defaultNetworks } from '../../../functions/kube/cluster-networks.ts';
import type { Pod } from '../../../functions/kube/generated/types.ts';
import type { KubeObject } from '../../../functions/kube/object.ts';
import { namespaces, nodes, pods, priorityClasses, serviceAccounts, type ResourceType } from '../../../functions/kube/resource-type.ts';
import { embeddedTable } from '../../../functions/store/embedded/embedded-table.ts';
import type { Store } from '../../../functions/store/store.ts';
import { loadWorkerGroup } from '../../../functions/worker-groups.ts';
import { createCache } from '../../../functions/workers/cache.ts';
import { realWorld } from '../../../functions/world.ts';
import { admin } from '../../support/api-server.ts';
import { benchNamespace, benchNodes, firstPod, type Load } from './loads.ts';
import { type Measured, measured, megabyte } from './measured.ts';

/** Room for 16,000 nodes. */
const networks = { ...defaultNetworks, podCidr: '100.64.0.0/10' };
const atOnce = 64;
const runsMax = 1000;

export async function createAll<T extends KubeObject>(client: Client, type: ResourceType<T>, objects: readonly T[]): Promise<void> {
  const left = [...objects];
  const worker = async (): Promise<void> => {
    for (let next = left.pop(); next !== undefined; next = left.pop()) await client.create(type, next);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

/** What both clusters hold before a load. */
export async function prepare(client: Client, nodeCount: number): Promise<void> {
  await client.create(namespaces, { metadata: { name: benchNamespace }, spec: {} });
  await client.create(priorityClasses, { metadata: { name: 'high' }, value: 1000 });
  await client.create(serviceAccounts, { metadata: { namespace: benchNamespace, name: 'default' } });
  await createAll(client, nodes, benchNodes(nodeCount));
  // The plug-in for nodes that are not ready taints those that are made.
  for (const { metadata } of (await client.list(nodes)).items)
    await client.patch(nodes, { namespace: '', name: metadata.name ?? '' }, { spec: { taints: null } });
}

function nodeNameOf(store: Store, name: string): string | undefined {
  const pod = store.view().get({ resource: 'pods', namespace: benchNamespace, name })?.object as Pod | undefined;
  return pod?.spec.nodeName;
}

export async function measureOurs(load: Load, nodeCount: number): Promise<Measured> {
  const root = mkdtempSync(join(tmpdir(), 'hibernetes-bench-'));
  const world = realWorld('warn');
  const { store, registry, definitions } = await openClusterStore({ table: embeddedTable(root), world, networks });
  const tokens = createTokens({ keys: [signingKeyOf(await newSigningKeyPem())], clock: world.clock, random: world.random });
  const api = createApi({ store, registry, tokens, world, checksApiServices: false });
  try {
    await bootstrap(api, definitions, { apiserverAddress: '192.0.2.1', apiserverPort: 6443, serviceCidr: '10.96.0.0/12' });
    const client = api.clientFor(admin);
    await prepare(client, nodeCount);
    await createAll(client, pods, load.running);
    const create = await loadWorkerGroup('scheduler');
    const group = create({ store, cache: createCache(store), api, registry, certificateAuthorityPem: '', codeVersion: 'bench', world });
    const place = async (waiting: readonly Pod[]): Promise<void> => {
      const isPlaced = (): boolean => waiting.every(({ metadata: { name = '' } }) => nodeNameOf(store, name) !== undefined);
      for (let run = 0; run < runsMax && !isPlaced(); run += 1) {
        const outcome = await group.run(new AbortController().signal);
        const waitMs = outcome.outcome === 'quiet' ? (outcome.nextDeadlineMs ?? 0) - world.clock.now() : 0;
        if (waitMs > 0 && !isPlaced()) await world.clock.sleep(waitMs);
      }
      if (!isPlaced()) throw new Error(`${load.name}: not all pods were placed`);
    };
    await createAll(client, pods, [firstPod]);
    await place([firstPod]);
    await createAll(client, pods, load.waiting);
    await group.flush();
    const [begunMs, begunCpu] = [performance.now(), process.cpuUsage()];
    await place(load.waiting);
    const seconds = (performance.now() - begunMs) / 1000;
    const { user, system } = process.cpuUsage(begunCpu);
    await group.flush();
    return measured(load.waiting.length, seconds, { cpuSeconds: (user + system) / 1e6, residentMB: process.memoryUsage.rss() / megabyte });
  } finally {
    api.close();
    await store.close();
    rmSync(root, { recursive: true, force: true });
  }
}
