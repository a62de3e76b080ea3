/**
 * A cluster for tests: a store in memory, controllers on a virtual clock, and a hand that plays the nodes. Nothing
 * happens between two calls; `settle` lets the controllers work until they have nothing left to do.
 */
import assert from 'node:assert/strict';
import { version } from '../../functions/kube/kubernetes-version.ts';
import { admissionPlugins } from '../../functions/apiserver/admission/admission-plugins.ts';
import { createApiServer } from '../../functions/apiserver/app.ts';
import { customKindSource } from '../../functions/cluster-store.ts';
import { accessReviews } from '../../functions/apiserver/auth/access-reviews.ts';
import type { Client } from '../../functions/client/client.ts';
import { createHttpClient } from '../../functions/client/http-client.ts';
import type { EventRecorder } from '../../functions/client/event-recorder.ts';
import { createControllers } from '../../functions/controllers/all.ts';
import { conditionOf } from '../../functions/kube/conditions.ts';
import { copy } from '../../functions/kube/copy.ts';
import type { Deployment, Pod, ReplicaSet } from '../../functions/kube/generated/types.ts';
import type { KubeObject, ObjectName } from '../../functions/kube/object.ts';
import { matchesNodeAffinity } from '../../functions/kube/node-selector.ts';
import { nameOf } from '../../functions/kube/object.ts';
import { isPodFinished, isPodReady } from '../../functions/kube/pod.ts';
import type { ResourceType } from '../../functions/kube/resource-type.ts';
import * as types from '../../functions/kube/resource-type.ts';
import { StatusError } from '../../functions/kube/status-error.ts';
import { microTimestamp, timestamp } from '../../functions/kube/time.ts';
import { quotaRules } from '../../functions/resources/core/resourcequota/quota-rules.ts';
import { createDefinitions } from '../../functions/resources/all.ts';
import { createStore } from '../../functions/store/create-store.ts';
import { memoryTable } from '../../functions/store/memory/memory-table.ts';
import type { Store } from '../../functions/store/store.ts';
import type { Table } from '../../functions/store/table.ts';
import { createLiveRegistry, storedTypes } from '../../functions/apiserver/registry/live-registry.ts';
import { selectableFields } from '../../functions/selectable-fields.ts';
import { whileTimePasses } from '../../functions/virtual-clock.ts';
import { storedCursor } from '../../functions/workers/cursor.ts';
import type { Controller } from '../../functions/workers/controller.ts';
import type { RunOutcome } from '../../functions/workers/run.ts';
import { runControllers } from '../../functions/workers/run.ts';
import type { User } from '../../functions/apiserver/ports.ts';
import { admin } from './api-server.ts';
import type { VirtualWorld } from './virtual-world.ts';
import { virtualWorld } from './virtual-world.ts';

export interface ClusterOptions {
  readonly seed?: number;
  readonly controllers?: readonly Controller[];
  /** Calls of controllers to the API, numbered from 1, fail where this is true. */
  readonly fails?: (call: number) => boolean;
}

export interface Cluster {
  readonly world: VirtualWorld;
  readonly store: Store;
  /** Further processes of the cluster open it with the same world. */
  readonly table: Table;
  readonly client: Client;
  /** The client of a user who is not the administrator. */
  clientOf(user: User): Client;
  /** `Normal ScalingReplicaSet Scaled up …`, in order. */
  readonly events: readonly string[];
  /** How often controllers called the API, reads included. */
  calls(): number;
  /** Lets the controllers work until nothing is left to do now. */
  settle(): Promise<RunOutcome>;
  /** Moves the clock in small steps; nodes send their heartbeats, and the controllers do what is due. */
  advance(ms: number): Promise<void>;
  /** A node that is in here sends no heartbeat, and its pods neither start nor end. */
  readonly unresponsiveNodes: Set<string>;
  /** Binds pods to a node, gives them addresses, and makes them ready; lets deleted ones go. Returns how many changed. */
  playNodes(): Promise<number>;
  /** Plays the nodes and settles, until both have nothing left to do. */
  runUntilStable(): Promise<void>;
  pods(namespace?: string): Promise<readonly Pod[]>;
  replicaSets(): Promise<readonly ReplicaSet[]>;
  get<T extends KubeObject>(type: ResourceType<T>, name: string): Promise<T>;
  exists(type: ResourceType, name: string): Promise<boolean>;
  /** Changes an object the way a user with an editor does. */
  edit<T extends KubeObject>(type: ResourceType<T>, name: string, change: (object: T) => void): Promise<void>;
  close(): Promise<void>;
}

const settleRoundsMax = 200;
export const namespace = 'default';
export const nodeNames = ['node-a', 'node-b'];
const heartbeatMs = 10_000;
const leaseNamespace = 'kube-node-lease';

export async function createCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const world = virtualWorld(options.seed ?? 1);
  const registry = createLiveRegistry({ definitions: createDefinitions(), sources: [customKindSource] });
  const table = memoryTable({ clock: world.clock });
  const store: Store = await createStore({
    table,
    world,
    selectableFields: selectableFields(() => registry(store.view())),
  });
  const resourceTypes = storedTypes(registry, () => store.view());
  const authorizer = {
    authorize: async () => ({ allowed: true, reason: '' }),
    rulesOf: () => ({ rules: [], errors: [] }),
    rulesOfRole: () => [],
  };
  const server = createApiServer({
    store,
    registry,
    world,
    version,
    authenticator: { authenticate: async () => undefined },
    authorizer,
    virtualResources: accessReviews(authorizer),
    admission: admissionPlugins({ ...world, store, authorizer }),
  });
  const clientOf = (user: User): Client => createHttpClient({ fetch: (request) => server.fetch(request, { user }) });
  const client = clientOf(admin);
  const events: string[] = [];
  const recorder: EventRecorder = { event: (_object, type, reason, message) => void events.push(`${type} ${reason} ${message}`) };
  const controllers =
    options.controllers ??
    createControllers({
      resourceTypes,
      quotaRules,
      certificateAuthorityPem: 'PEM',
      listeningSinceMs: world.clock.now(),
      secretToken: async ({ secretName }) => `token of ${secretName}`,
    });
  const counted = countingClient(client, options.fails);
  const cursor = storedCursor(store, 'controllers');
  await client.create(types.namespaces, { metadata: { name: namespace }, spec: {} });
  await client.create(types.namespaces, { metadata: { name: leaseNamespace }, spec: {} });
  const unresponsiveNodes = new Set<string>();
  for (const name of nodeNames) await createNode(client, world, name);

  const settle = async (): Promise<RunOutcome> => {
    for (let round = 0; round < settleRoundsMax; round += 1) {
      const run = runControllers({
        store,
        controllers,
        clientFor: () => counted.client,
        eventsFor: () => recorder,
        cursor,
        codeVersion: 'test',
        world,
      });
      const outcome = await whileTimePasses(world, run);
      if (outcome.outcome === 'quiet') return outcome;
    }
    throw new Error('the controllers do not settle');
  };
  const at = (name: string): ObjectName => ({ namespace, name });
  const list = async <T extends KubeObject>(type: ResourceType<T>, within = namespace): Promise<readonly T[]> =>
    (await client.list(type, { namespace: within })).items;

  const cluster: Cluster = {
    world,
    store,
    table,
    client,
    clientOf,
    events,
    calls: () => counted.calls(),
    settle,
    unresponsiveNodes,
    async advance(ms) {
      await settle();
      for (let leftMs = ms; leftMs > 0; leftMs -= heartbeatMs) {
        await world.advance(Math.min(heartbeatMs, leftMs));
        await sendHeartbeats(client, world, unresponsiveNodes);
        await settle();
      }
    },
    playNodes: () => playNodes(client, world, unresponsiveNodes),
    async runUntilStable() {
      for (let round = 0; round < settleRoundsMax; round += 1) {
        await settle();
        if ((await playNodes(client, world, unresponsiveNodes)) === 0) return;
      }
      throw new Error('the cluster does not come to rest');
    },
    pods: (within) => list(types.pods, within),
    replicaSets: () => list(types.replicaSets),
    get: (type, name) => client.get(type, at(name)),
    exists: async (type, name) =>
      (await store.fresh()).get({ resource: types.groupResource(type), ...at(name), ...(!type.namespaced && { namespace: '' }) }) !==
      undefined,
    async edit(type, name, change) {
      const object = copy(await client.get(type, at(name)));
      change(object);
      await client.update(type, object);
    },
    close: () => store.close(),
  };
  await settle();
  return cluster;
}

function countingClient(client: Client, fails: (call: number) => boolean = () => false): { client: Client; calls(): number } {
  let calls = 0;
  const counted = new Proxy(client, {
    get(target, property) {
      const method: unknown = Reflect.get(target, property);
      if (typeof method !== 'function') return method;
      return (...args: unknown[]): unknown => {
        calls += 1;
        if (fails(calls)) return Promise.reject(new StatusError(500, 'InternalError', 'injected'));
        return method.apply(target, args);
      };
    },
  });
  return { client: counted, calls: () => calls };
}

/** A node that has just registered: Ready, with a Lease. */
export async function createNode(client: Client, world: VirtualWorld, name: string): Promise<void> {
  const now = timestamp(world.clock.now());
  const made = await client.create(types.nodes, { metadata: { name }, spec: {} });
  const conditions = [{ type: 'Ready', status: 'True', reason: 'KubeletReady', lastHeartbeatTime: now, lastTransitionTime: now }];
  await client.update(types.nodes, { ...copy(made), status: { conditions } }, 'status');
  await client.create(types.leases, {
    metadata: { namespace: leaseNamespace, name },
    spec: { holderIdentity: name, leaseDurationSeconds: 40, renewTime: microTimestamp(world.clock.now()) },
  });
}

/** A living node renews its Lease, and reports Ready again where a controller has set it to Unknown. */
async function sendHeartbeats(client: Client, world: VirtualWorld, unresponsive: ReadonlySet<string>): Promise<void> {
  for (const node of (await client.list(types.nodes)).items) {
    if (unresponsive.has(nameOf(node))) continue;
    const lease = copy(await client.get(types.leases, { namespace: leaseNamespace, name: nameOf(node) }));
    lease.spec.renewTime = microTimestamp(world.clock.now());
    await client.update(types.leases, lease);
    const ready = conditionOf(node.status?.conditions, 'Ready');
    if (ready?.status !== 'Unknown') continue;
    const now = timestamp(world.clock.now());
    const conditions = [{ type: 'Ready', status: 'True', reason: 'KubeletReady', lastHeartbeatTime: now, lastTransitionTime: now }];
    await client.update(types.nodes, { ...copy(node), status: { conditions } }, 'status');
  }
}

async function playNodes(client: Client, world: VirtualWorld, unresponsive: ReadonlySet<string>): Promise<number> {
  let changed = 0;
  const { items } = await client.list(types.pods);
  const living = (await client.list(types.nodes)).items.filter((node) => !unresponsive.has(nameOf(node)));
  for (const [index, pod] of items.entries()) {
    if (unresponsive.has(pod.spec?.nodeName ?? '')) continue;
    const at = { namespace: pod.metadata.namespace ?? '', name: nameOf(pod) };
    if (pod.metadata.deletionTimestamp !== undefined) {
      await client.delete(types.pods, at, { gracePeriodSeconds: 0 });
      changed += 1;
    } else if (!isPodReady(pod) && !isPodFinished(pod)) {
      const fitting = living.filter((node) => matchesNodeAffinity(pod.spec, node));
      const node = fitting[index % fitting.length];
      if (pod.spec?.nodeName === undefined && node === undefined) continue;
      await runPod(client, pod, node?.metadata.name, timestamp(world.clock.now()));
      changed += 1;
    }
  }
  return changed;
}

let addresses = 0;

async function runPod(client: Client, pod: Pod, nodeName: string | undefined, now: string): Promise<void> {
  const at = { namespace: pod.metadata.namespace ?? '', name: nameOf(pod) };
  if (pod.spec?.nodeName === undefined) {
    const target = { apiVersion: 'v1', kind: 'Node', name: nodeName };
    await client.createSubresource(types.pods, at, 'binding', { apiVersion: 'v1', kind: 'Binding', metadata: at, target });
  }
  const written = copy(await client.get(types.pods, at));
  addresses += 1;
  written.status = {
    phase: 'Running',
    podIP: `10.244.${addresses >> 8}.${addresses & 255}`,
    conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: now }],
  };
  await client.update(types.pods, written, 'status');
}

/** Nothing more is written, however often the controllers reconcile: with `all`, and again. */
export async function assertSettled(cluster: Cluster): Promise<void> {
  await cluster.settle();
  const { revision } = await cluster.store.fresh();
  const calls = cluster.calls();
  await cluster.settle();
  assert.equal((await cluster.store.fresh()).revision, revision);
  assert.equal(cluster.calls(), calls);
}

/** With EVERY_CALL each call fails in a run of its own; otherwise each run lets every so many calls fail. */
const failsApart = process.env['EVERY_CALL'] === undefined ? 3 : Infinity;

/**
 * Runs the scenario until each call of the controllers has failed once. Each time other calls of them fail.
 * What is there in the end must always be the same.
 */
export async function assertSurvivesAnyFailure(
  scenario: (cluster: Cluster) => Promise<void>,
  ending: (cluster: Cluster) => Promise<unknown>,
): Promise<void> {
  const expected = await endingWith(() => false, scenario, ending);
  const firstMax = Math.min(expected.calls, expected.callsBefore + failsApart);
  assert.ok(firstMax > expected.callsBefore, 'the scenario needs calls');
  for (let first = expected.callsBefore + 1; first <= firstMax; first += 1) {
    const isFailing = (call: number): boolean =>
      call === first || (call > first && call <= expected.calls && (call - first) % failsApart === 0);
    const { result } = await endingWith(isFailing, scenario, ending);
    assert.deepEqual(result, expected.result, `after call ${first} failed`);
  }
}

/** `callsBefore`: those of the cluster's start, which has a test of its own. */
async function endingWith(
  fails: (call: number) => boolean,
  scenario: (cluster: Cluster) => Promise<void>,
  ending: (cluster: Cluster) => Promise<unknown>,
): Promise<{ callsBefore: number; calls: number; result: unknown }> {
  const cluster = await createCluster({ fails });
  const callsBefore = cluster.calls();
  await scenario(cluster);
  await cluster.runUntilStable();
  const result = await ending(cluster);
  await cluster.close();
  return { callsBefore, calls: cluster.calls(), result };
}

const template = (image: string): Deployment['spec']['template'] => ({
  metadata: { labels: { app: 'web' } },
  spec: { containers: [{ name: 'web', image }] },
});

/** A Deployment as the API server stores it: with its defaults. */
export function deployment(spec: Partial<Deployment['spec']> & { image?: string } = {}): Deployment {
  const { image = 'web:1', ...rest } = spec;
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { namespace, name: 'web', labels: { app: 'web' } },
    spec: {
      replicas: 3,
      selector: { matchLabels: { app: 'web' } },
      template: template(image),
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } },
      revisionHistoryLimit: 10,
      progressDeadlineSeconds: 600,
      ...rest,
    },
  };
}

export const setImage =
  (image: string) =>
  (object: Deployment): void => {
    object.spec.template = template(image);
  };
