/**
 * A run whose time is up in the midst of its work, because the table is slow: what was begun does not go on beside the
 * next run, and nothing is done twice.
 */
import { defaultNetworks } from '../../functions/kube/cluster-networks.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultIdentity } from '../../functions/cloud/clusters.ts';
import { openControlPlane } from '../../functions/cloud/control-plane.ts';
import type { Deployment, Pod } from '../../functions/kube/generated/types.ts';
import { deployments, pods, serviceAccounts } from '../../functions/kube/resource-type.ts';
import { loadWorkerGroup } from '../../functions/worker-groups.ts';
import { memoryTable } from '../../functions/store/memory/memory-table.ts';
import { simulatedWorld } from '../../infra/cost/simulated-world.ts';
import { admin } from '../support/api-server.ts';

const namespace = 'default';
const replicas = 12;
const slowMs = 3_000;

const settings = {
  table: '',
  defaultCluster: 'default',
  queues: {},
  deadlineQueue: undefined,
  envelopeKey: new Uint8Array(32),
  certificateAuthorityPem: '',
  advertise: { address: '192.0.2.1', port: 443 },
  iam: undefined,
  adminSecret: undefined,
  networks: defaultNetworks,
  hasDashboard: false,
};

const web: Deployment = {
  metadata: { namespace, name: 'web' },
  spec: {
    replicas,
    selector: { matchLabels: { app: 'web' } },
    template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'web', image: 'web:1' }] } },
  },
};

test('what a run leaves unfinished ends with it, and the next one does the rest once', async () => {
  const world = simulatedWorld();
  let delayMs = 0;
  const table = memoryTable({ clock: world.clock, fault: () => ({ delayMs }) });
  const doorbell = { ring: () => undefined };
  const cluster = defaultIdentity(settings.defaultCluster);
  const ownGroup = { name: 'controllers', load: () => loadWorkerGroup('controllers') } as const;
  const { api, own: controllers, store } = await world.until(openControlPlane({ settings, cluster, table, doorbell, world, ownGroup }));
  assert.ok(controllers);
  const client = api.clientFor(admin);
  const run = (timeMs: number) => {
    const ending = new AbortController();
    world.clock.after(timeMs, () => ending.abort());
    return world.until(controllers.run(ending.signal));
  };
  const podsMade = async (): Promise<readonly Pod[]> => (await world.until(client.list(pods, { namespace }))).items;
  await run(50_000);
  await world.until(client.get(serviceAccounts, { namespace, name: 'default' }));
  await world.until(client.create(deployments, web));

  delayMs = slowMs;
  assert.deepEqual(await run(15_000), { outcome: 'more' });
  assert.ok(world.complaints.includes('reconciles were cut off'), world.complaints.join('; '));
  // What was on its way to the table arrives.
  await world.pass(2 * slowMs);
  const { revision } = store.view();
  await world.pass(120_000);
  // The Events of what was done are written after it.
  const later = (await world.until(store.changesAfter(revision, 1_000))).filter(({ key }) => key.resource !== 'events');
  assert.deepEqual(later, []);
  const before = (await podsMade()).length;
  assert.ok(before < replicas, `${before} pods`);

  delayMs = 0;
  assert.equal((await run(50_000)).outcome, 'quiet');
  const all = await podsMade();
  assert.equal(all.length, replicas);
  assert.ok(all.every(({ metadata }) => metadata.deletionTimestamp === undefined));
});
