/**
 * The faults that AWS has now and then, all the time: each message and record twice, each tenth invocation killed. The
 * stream is two seconds late, no environment is older than ten seconds, and the API runs in several. Two clusters share
 * all of it. Nothing is lost, and everything settles.
 */
import { defaultNetworks, nodeNetworks } from '../../functions/kube/cluster-networks.ts';
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Client } from '../../functions/client/client.ts';
import { ConnectionError } from '../../functions/client/https-fetch.ts';
import type { ConfigMap, Deployment } from '../../functions/kube/generated/types.ts';
import { configMaps, deployments, pods, replicaSets } from '../../functions/kube/resource-type.ts';
import { isAlreadyExists, StatusError } from '../../functions/kube/status-error.ts';
import { realWorld } from '../../functions/world.ts';
import { startCloudControlPlane, type CloudControlPlane } from '../../infra/local/cloud/cloud-control-plane.ts';
import { dataDirectory } from '../../infra/local/data-directory.ts';
import { startSimulatedNodes, type SimulatedNodes } from '../../infra/local/simulated-nodes.ts';
import { eventually } from '../support/eventually.ts';
import { secondCluster, type SecondCluster } from '../support/second-cluster.ts';

const faults = { duplicates: true, killEvery: 10, streamLateMs: 2_000, coldEveryMs: 10_000, requestsMax: 16, visibilitySeconds: 15 };
const mapsOfEach = 20;
const attemptsMax = 20;

const mapOf = (client: number, index: number): ConfigMap => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: `map-${client}-${index}`, namespace: 'default' },
  data: { from: String(client), index: String(index) },
});

const web = (image: string, replicas: number): Deployment => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'default' },
  spec: {
    replicas,
    selector: { matchLabels: { app: 'web' } },
    template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'web', image }] } },
  },
});

const mayTryAgain = (error: unknown): boolean => error instanceof ConnectionError || (error instanceof StatusError && error.code >= 429);

/** As any client would: what was not answered is asked again, and then it may be there already. */
async function insist<T>(work: () => Promise<T>): Promise<T | undefined> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (attempt > 1 && isAlreadyExists(error)) return undefined;
      if (!mayTryAgain(error) || attempt >= attemptsMax) throw error;
      await realWorld().clock.sleep(100 * attempt);
    }
  }
}

async function insisted<T>(work: () => Promise<T>): Promise<T> {
  const answer = await insist(work);
  assert.ok(answer !== undefined);
  return answer;
}

describe('a storm', () => {
  const root = mkdtempSync(join(tmpdir(), 'hibernetes-storm-'));
  const world = realWorld('error');
  let controlPlane: CloudControlPlane;
  let nodes: SimulatedNodes[];
  let blue: SecondCluster;
  let clusters: readonly { readonly client: Client; readonly writers: number; readonly replicas: number }[];

  before(async () => {
    const directory = dataDirectory(root);
    const addresses = [{ host: '127.0.0.1', port: 0 }];
    controlPlane = await startCloudControlPlane({
      directory,
      addresses,
      advertise: '192.0.2.1',
      networks: defaultNetworks,
      world,
      faults,
    });
    blue = await secondCluster(root, 'blue', controlPlane.port);
    clusters = [
      { client: controlPlane.client, writers: 50, replicas: 10 },
      { client: blue.client, writers: 10, replicas: 5 },
    ];
    const ofDefault = await startSimulatedNodes({
      controlPlane,
      names: ['node-1', 'node-2', 'node-3'],
      caFile: join(directory.pki, 'ca.crt'),
      rootDirectory: join(root, 'simulated'),
      networks: nodeNetworks(defaultNetworks),
      world,
    });
    nodes = [ofDefault, await blue.startNodes('blue-1', 'blue-2')];
  });
  after(async () => {
    await Promise.all((nodes ?? []).map((started) => started.stop()));
    blue?.close();
    await controlPlane?.stop();
    rmSync(root, { recursive: true, force: true });
  });

  type Cluster = (typeof clusters)[number];
  const inEach = async (work: (cluster: Cluster) => Promise<void>): Promise<void> => void (await Promise.all(clusters.map(work)));

  const settled = async ({ client, replicas }: Cluster, image: string): Promise<void> => {
    const { status } = await client.get(deployments, { namespace: 'default', name: 'web' });
    assert.equal(status?.updatedReplicas, replicas);
    assert.equal(status?.availableReplicas, replicas);
    assert.equal(status?.replicas, replicas);
    const running = (await client.list(pods, { namespace: 'default' })).items;
    assert.deepEqual(
      running.map(({ spec }) => spec?.containers[0]?.image),
      running.map(() => image),
    );
    assert.equal(running.length, replicas);
  };

  const writes = async ({ client, writers, replicas }: Cluster): Promise<void> => {
    await insist(() => client.create(deployments, web('nginx/nginx:v1', replicas)));
    await Promise.all(
      Array.from({ length: writers }, async (_, own) => {
        for (let index = 0; index < mapsOfEach; index += 1) await insist(() => client.create(configMaps, mapOf(own, index)));
      }),
    );
    const { items } = await insisted(() => client.list(configMaps, { namespace: 'default' }));
    const found = items.flatMap(({ data }) => (data?.['from'] === undefined ? [] : [`${data['from']}-${data['index']}`]));
    const written = Array.from({ length: writers * mapsOfEach }, (_, n) => `${Math.floor(n / mapsOfEach)}-${n % mapsOfEach}`);
    assert.deepEqual(found.toSorted(), written.toSorted());
  };

  const update = async (cluster: Cluster): Promise<void> => {
    const { client, replicas } = cluster;
    await eventually(() => settled(cluster, 'nginx/nginx:v1'));
    await insist(async () => client.update(deployments, web('nginx/nginx:v2', replicas)));
    await eventually(() => settled(cluster, 'nginx/nginx:v2'));
    const sets = (await insisted(() => client.list(replicaSets, { namespace: 'default' }))).items;
    assert.deepEqual(
      sets.map(({ status }) => status?.replicas ?? 0).toSorted((x, y) => x - y),
      [0, replicas],
    );
  };

  test('loses nothing of a thousand writes of fifty clients, and of another cluster’s meanwhile', () => inEach(writes));

  test('a rolling update in each cluster gets through a storm', () => inEach(update));

  test('that was one', () => {
    const counts = Object.values(controlPlane.counts());
    process.stdout.write(`${JSON.stringify(controlPlane.counts())}\n`);
    assert.ok(counts.some(({ failures = 0 }) => failures > 0));
    assert.ok((controlPlane.counts()['api']?.coldStarts ?? 0) > 3);
  });
});
