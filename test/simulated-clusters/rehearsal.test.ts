import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createApi } from '../../functions/api.ts';
import { newSigningKeyPem, signingKeyOf } from '../../functions/apiserver/auth/keys.ts';
import { createTokens } from '../../functions/apiserver/auth/tokens.ts';
import { bootstrap } from '../../functions/cloud/bootstrap.ts';
import { openClusterStore } from '../../functions/cluster-store.ts';
import { defaultNetworks } from '../../functions/kube/cluster-networks.ts';
import type { KubeObject } from '../../functions/kube/object.ts';
import { groupResource, leases, namespaces, nodes, serviceAccounts } from '../../functions/kube/resource-type.ts';
import { microTimestamp, timestamp } from '../../functions/kube/time.ts';
import type { LoadedObject } from '../../functions/store/load-objects.ts';
import { memoryTable } from '../../functions/store/memory/memory-table.ts';
import { virtualWorld } from '../support/virtual-world.ts';
import { planOf, type Plan } from '../../infra/rehearsal/plan.ts';
import { startRehearsal, type Rehearsal } from '../../infra/rehearsal/rehearsal.ts';

const minuteMs = 60_000;
const startMs = Date.UTC(2026, 5, 1);

/** A cluster that has just begun, with one node of two processors. */
async function clusterObjects(): Promise<readonly LoadedObject[]> {
  const world = virtualWorld(1, startMs);
  const { store, registry, definitions } = await openClusterStore({ table: memoryTable({ clock: world.clock }), world });
  const tokens = createTokens({ keys: [signingKeyOf(await newSigningKeyPem())], clock: world.clock, random: world.random });
  const api = createApi({ store, registry, tokens, world, checksApiServices: false });
  const { serviceCidr } = defaultNetworks;
  await bootstrap(api, definitions, { apiserverAddress: '192.0.2.1', apiserverPort: 6443, serviceCidr });
  const client = api.clientFor({ name: 'admin', groups: ['system:masters', 'system:authenticated'] });
  for (const name of ['default', 'kube-node-lease'])
    if (store.view().get({ resource: groupResource(namespaces), namespace: '', name }) === undefined)
      await client.create(namespaces, { metadata: { name }, spec: {} });
  await client.create(serviceAccounts, { metadata: { namespace: 'default', name: 'default' } });
  const now = timestamp(startMs);
  const node = await client.create(nodes, { metadata: { name: 'node-a' }, spec: {} });
  const resources = { cpu: '2', memory: '4Gi', pods: '20', 'ephemeral-storage': '10Gi' };
  const conditions = [{ type: 'Ready', status: 'True', reason: 'KubeletReady', lastHeartbeatTime: now, lastTransitionTime: now }];
  await client.update(nodes, { ...node, status: { capacity: resources, allocatable: resources, conditions } }, 'status');
  const spec = { holderIdentity: 'node-a', leaseDurationSeconds: 40, renewTime: microTimestamp(startMs) };
  await client.create(leases, { metadata: { namespace: 'kube-node-lease', name: 'node-a' }, spec });
  const view = store.view();
  const resourcesStored = registry(view).definitions.map(({ type }) => groupResource(type));
  const objects = resourcesStored.flatMap((resource) =>
    view.list(resource).map(({ key, revision, object }) => ({ key, revision, json: JSON.stringify(object) })),
  );
  api.close();
  await store.close();
  return objects;
}

async function withRehearsal(objects: readonly LoadedObject[], work: (rehearsal: Rehearsal) => Promise<void>): Promise<void> {
  const { random, log } = virtualWorld(2, startMs);
  const rehearsal = await startRehearsal({ objects, revision: 1000, networks: defaultNetworks, startMs, random, log });
  try {
    await work(rehearsal);
  } finally {
    await rehearsal.close();
  }
}

/** What follows when this is applied to a cluster that has come to rest. */
async function planFor(rehearsal: Rehearsal, ...objects: readonly KubeObject[]): Promise<Plan> {
  await rehearsal.untilRest(10 * minuteMs);
  const [before, seen] = [rehearsal.objects(), rehearsal.changes.length];
  for (const object of objects) await rehearsal.apply(object, 'default');
  assert.equal((await rehearsal.untilRest(15 * minuteMs)).isAtRest, true);
  return planOf({ before, after: rehearsal.objects(), changes: rehearsal.changes.slice(seen) });
}

interface Web {
  readonly replicas: number;
  readonly cpu: string;
  readonly priorityClassName?: string;
}

const web = (name: string, { replicas, cpu, ...more }: Web): KubeObject =>
  ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name },
    spec: {
      replicas,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: { ...more, containers: [{ name: 'web', image: 'web:1', resources: { requests: { cpu } } }] },
      },
    },
  }) as KubeObject;

test('a rehearsed Deployment starts its pods on the node, and those without room are listed', async () => {
  await withRehearsal(await clusterObjects(), async (rehearsal) => {
    const plan = await planFor(rehearsal, web('a', { replicas: 3, cpu: '800m' }));
    assert.deepEqual(
      plan.pods.map(({ started, ended }) => [started, ended]),
      [[3, 0]],
    );
    assert.deepEqual(
      plan.unschedulable.map(({ message }) => message),
      ['0/1 nodes are available: 1 Insufficient cpu. preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod.'],
    );
    assert.deepEqual(plan.evicted, []);
  });
});

test('a rehearsal lists the pods that would be preempted', async () => {
  await withRehearsal(await clusterObjects(), async (rehearsal) => {
    await planFor(rehearsal, web('low', { replicas: 2, cpu: '900m' }));
    const important = { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name: 'high' }, value: 1000 } as KubeObject;
    const plan = await planFor(rehearsal, important, web('high', { replicas: 1, cpu: '900m', priorityClassName: 'high' }));
    assert.deepEqual(
      plan.evicted.map(({ reason }) => reason),
      ['PreemptionByScheduler'],
    );
    assert.match(plan.evicted[0]?.pod ?? '', /^default\/low-/);
    assert.equal(plan.unschedulable.length, 1);
  });
});

test('a rehearsal lists the warnings of controllers: pods that a quota refuses', async () => {
  await withRehearsal(await clusterObjects(), async (rehearsal) => {
    const quota = { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'few' }, spec: { hard: { pods: '1' } } } as KubeObject;
    await planFor(rehearsal, quota);
    const plan = await planFor(rehearsal, web('a', { replicas: 2, cpu: '10m' }));
    assert.deepEqual([...new Set(plan.warnings.map(({ reason }) => reason))], ['FailedCreate']);
    assert.match(plan.warnings[0]?.message ?? '', /exceeded quota: few, requested: pods=1, used: pods=1, limited: pods=1/);
  });
});

test('a rehearsed cluster asks no webhook', async () => {
  const name = 'refuses-all';
  const webhooks = [
    {
      name: 'refuses.example.com',
      clientConfig: { url: 'https://192.0.2.1/' },
      rules: [{ apiGroups: ['*'], apiVersions: ['*'], operations: ['*'], resources: ['*'] }],
      sideEffects: 'None',
      admissionReviewVersions: ['v1'],
      failurePolicy: 'Fail',
    },
  ];
  const resource = 'validatingwebhookconfigurations.admissionregistration.k8s.io';
  const object = { apiVersion: 'admissionregistration.k8s.io/v1', kind: 'ValidatingWebhookConfiguration', metadata: { name }, webhooks };
  const configured = { key: { resource, namespace: '', name }, revision: 999, json: JSON.stringify(object) };
  await withRehearsal([...(await clusterObjects()), configured], async (rehearsal) => {
    assert.equal((await rehearsal.apply(object, 'default')).outcome, 'left out');
    assert.equal((await rehearsal.apply(web('a', { replicas: 1, cpu: '1m' }), 'default')).outcome, 'created');
  });
});

test('an apply that changes nothing is unchanged, and one that the API refuses is refused', async () => {
  await withRehearsal(await clusterObjects(), async (rehearsal) => {
    await planFor(rehearsal, web('a', { replicas: 1, cpu: '1m' }));
    assert.equal((await rehearsal.apply(web('a', { replicas: 1, cpu: '1m' }), 'default')).outcome, 'unchanged');
    assert.equal((await rehearsal.apply(web('a', { replicas: 2, cpu: '1m' }), 'default')).outcome, 'configured');
    await assert.rejects(rehearsal.apply(web('a', { replicas: -1, cpu: '1m' }), 'default'), /must be greater than or equal to 0/);
    await assert.rejects(rehearsal.apply({ apiVersion: 'example.com/v1', kind: 'Absent', metadata: { name: 'a' } }, 'default'), {
      message: 'no matches for kind "Absent" in version "example.com/v1"',
    });
  });
});
