/**
 * Everything that AWS does now and then, all the time: each message and record twice, each tenth invocation killed,
 * the stream two seconds late, no environment older than ten seconds,
 * the API in several of them. Nothing is lost, and everything settles.
 */
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

const mischief = { duplicates: true, killEvery: 10, streamLateMs: 2_000, coldEveryMs: 10_000, requestsMax: 16, visibilitySeconds: 15 };
const clients = 50;
const mapsOfEach = 20;
const replicas = 10;
const settleMsMax = 100_000;
const attemptsMax = 20;

const mapOf = (client: number, index: number): ConfigMap => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: `map-${client}-${index}`, namespace: 'default' },
  data: { from: String(client), index: String(index) },
});

const web = (image: string): Deployment => ({
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

describe('a storm', () => {
  const root = mkdtempSync(join(tmpdir(), 'hibernetes-storm-'));
  const world = realWorld('error');
  let controlPlane: CloudControlPlane;
  let nodes: SimulatedNodes;
  let client: Client;

  before(async () => {
    const directory = dataDirectory(root);
    const addresses = [{ host: '127.0.0.1', port: 0 }];
    controlPlane = await startCloudControlPlane({
      directory,
      addresses,
      advertise: '192.0.2.1',
      clusterDomain: 'cluster.local',
      world,
      mischief,
    });
    client = controlPlane.client;
    nodes = await startSimulatedNodes({
      controlPlane,
      names: ['node-1', 'node-2', 'node-3'],
      caFile: join(directory.pki, 'ca.crt'),
      rootDirectory: join(root, 'simulated'),
      clusterDns: '169.254.20.10',
      clusterDomain: 'cluster.local',
      world,
    });
  });
  after(async () => {
    await nodes?.stop();
    await controlPlane?.stop();
    rmSync(root, { recursive: true, force: true });
  });

  const settled = async (image: string): Promise<void> => {
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

  test('loses nothing of a thousand writes of fifty clients', async () => {
    await insist(() => client.create(deployments, web('nginx/nginx:v1')));
    await Promise.all(
      Array.from({ length: clients }, async (_, own) => {
        for (let index = 0; index < mapsOfEach; index += 1) await insist(() => client.create(configMaps, mapOf(own, index)));
      }),
    );
    const { items } = await client.list(configMaps, { namespace: 'default' });
    const found = items.flatMap(({ data }) => (data?.['from'] === undefined ? [] : [`${data['from']}-${data['index']}`]));
    const written = Array.from({ length: clients * mapsOfEach }, (_, n) => `${Math.floor(n / mapsOfEach)}-${n % mapsOfEach}`);
    assert.deepEqual(found.toSorted(), written.toSorted());
  });

  test('and a rolling update gets through it', async () => {
    await eventually(() => settled('nginx/nginx:v1'), settleMsMax);
    await insist(async () => client.update(deployments, web('nginx/nginx:v2')));
    await eventually(() => settled('nginx/nginx:v2'), settleMsMax);
    const sets = (await client.list(replicaSets, { namespace: 'default' })).items;
    assert.deepEqual(
      sets.map(({ status }) => status?.replicas ?? 0).toSorted((a, b) => a - b),
      [0, replicas],
    );
  });

  test('that was one', () => {
    const counts = Object.values(controlPlane.counts());
    process.stdout.write(`${JSON.stringify(controlPlane.counts())}\n`);
    assert.ok(counts.some(({ failures = 0 }) => failures > 0));
    assert.ok((controlPlane.counts()['api']?.coldStarts ?? 0) > 3);
  });
});
