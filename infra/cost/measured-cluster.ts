/**
 * A cluster in this process, cut as a cloud cuts it: each function with a replica of its own on one table, woken by
 * queues, the table's stream and the minute. Everything that AWS would bill is counted. Only the table, the queues and
 * the nodes are simulated; the API answers one request an invocation, as behind a Function URL.
 */
import { defaultNetworks } from '../../functions/kube/cluster-networks.ts';
import type { User } from '../../functions/apiserver/ports.ts';
import { createAudit } from '../../functions/apiserver/audit/audit.ts';
import type { Recorded } from '../../functions/cloud/audit-settings.ts';
import { eventOverhead } from '../../functions/cloud/audit-log.ts';
import { openControlPlane, type CloudControlPlane } from '../../functions/cloud/control-plane.ts';
import { clusterFormats } from '../../functions/cloud/cluster-formats.ts';
import { createClusters, defaultIdentity, type Clusters } from '../../functions/cloud/clusters.ts';
import { createFollower } from '../../functions/lambda/follower.ts';
import { silentControllers } from '../../functions/cloud/silent-controllers.ts';
import { createStreamDoorbell } from '../../functions/lambda/stream-doorbell.ts';
import { createSweeps } from '../../functions/lambda/sweeps.ts';
import { createTimer } from '../../functions/lambda/timer.ts';
import { createWorkerHandler, type OpenedWorker, type QueueHandler } from '../../functions/lambda/worker.ts';
import { createWorkerNotes } from '../../functions/lambda/worker-notes.ts';
import type { Client } from '../../functions/client/client.ts';
import { createHttpClient } from '../../functions/client/http-client.ts';
import { pollPath, type NodePollResponse } from '../../functions/node-protocol/node-poll.ts';
import { manifest, type WorkerGroupName } from '../../functions/manifest.ts';
import { createStore } from '../../functions/store/create-store.ts';
import { memoryTable } from '../../functions/store/memory/memory-table.ts';
import type { EntryItem, Table } from '../../functions/store/table.ts';
import { loadWorkerGroup } from '../../functions/worker-groups.ts';
import { createSqsDoorbell, type Ring, type SqsDoorbell } from '../../functions/workers/doorbell/sqs-doorbell.ts';
import { startSimulatedNode } from './simulated-node.ts';
import { createSimulatedQueues, Killed, type Consumer, type SenderOf } from './simulated-queues.ts';
import { meteredTable } from './metered-table.ts';
import { simulatedWorld, type SimulatedWorld } from './simulated-world.ts';
import { Meter, type FunctionName, type FunctionUsage, type Usage } from './usage.ts';

export interface MeasuredClusterOptions {
  /** Each invocation of a worker is a process of its own, which knows nothing of the one before. */
  readonly coldWorkers?: boolean;
  /** Each so many invocations of a worker one is killed, sooner or later. */
  readonly killEvery?: number;
  /** A message to this queue is lost. */
  readonly loses?: (queue: string) => boolean;
}

export interface MeasuredCluster {
  /** As kubectl: each call is an invocation of the API. */
  readonly client: Client;
  readonly world: SimulatedWorld;
  /** Nodes whose polls do not arrive. */
  readonly unresponsiveNodes: Set<string>;
  /** Does something and lets time pass until it is done. */
  run<T>(work: Promise<T>): Promise<T>;
  pass(ms: number): Promise<void>;
  /** A request whose answer lasts, such as a watch: resolves at its end. */
  follow(path: string): Promise<void>;
  /** All that was used so far. */
  usage(): Usage;
  /** What a function uses that starts from nothing, to know the state. */
  coldStart(): Promise<FunctionUsage>;
}

/** How long a call to the table takes. Source: measured, p50 of reads 4.3 ms, of conditional writes 6.8 ms. */
const tableMs = 5;
/** How often Lambda polls the stream. Source: AWS Lambda developer guide, "Using Lambda with DynamoDB". */
const streamMs = 250;
const minuteMs = 60_000;
/** Entries in one page of the table. */
const pageEntries = 256;

const groups: readonly WorkerGroupName[] = ['controllers', 'scheduler', 'materializer'];
const queues = { groups: Object.fromEntries(groups.map((group) => [group, group])), deadlines: 'deadlines' };
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
const formats = clusterFormats(settings);
const cluster = defaultIdentity(settings.defaultCluster);
const admin: User = { name: 'kubernetes-admin', groups: ['system:masters', 'system:authenticated'] };
const nodeUser = (name: string): User => ({ name: `system:node:${name}`, groups: ['system:nodes', 'system:authenticated'] });
const baseUrl = 'https://kubernetes.default.svc';

const elapsedMs = ({ clock }: SimulatedWorld, sinceMs: number): number => Math.round(clock.monotonicMs() - sinceMs);

/** The life of one process of a function. After its kill, no request of it is answered. */
interface Life {
  isOver: boolean;
}

const never = (): Promise<never> => new Promise<never>(() => undefined);

/** The parts that functions share: one table, one set of queues, one meter. */
class Account {
  readonly options: MeasuredClusterOptions;
  readonly world = simulatedWorld();
  readonly meter = new Meter();
  readonly consumers = new Map<string, Consumer>();
  readonly #table = memoryTable({ clock: this.world.clock, fault: () => ({ delayMs: tableMs }), pageEntries });
  readonly #senderOf: SenderOf = createSimulatedQueues({ clock: this.world.clock, meter: this.meter, consumers: this.consumers });
  readonly unresponsiveNodes = new Set<string>();
  /** Called for every log entry that was appended. */
  appended: (entry: EntryItem) => void = () => undefined;

  constructor(options: MeasuredClusterOptions) {
    this.options = options;
  }

  tableOf(name: FunctionName, meter = this.meter): Table {
    const count = (used: Parameters<Meter['add']>[1]): void => meter.add(name, used);
    return meteredTable({ table: this.#table, count, appended: (entry) => this.appended(entry) });
  }

  doorbellOf(name: FunctionName, life?: Life): SqsDoorbell {
    const send = this.#senderOf(name);
    const { loses = () => false } = this.options;
    return createSqsDoorbell({
      queues,
      cluster: cluster.id,
      world: this.world,
      async send(message) {
        if (life?.isOver === true) return never();
        if (!loses(message.QueueUrl)) await send(message);
      },
    });
  }

  /** Counts what an audit log of all requests without their bodies would store. */
  recordedBy(name: FunctionName): Recorded {
    const write = (line: string): void => this.meter.add(name, { auditBytes: Buffer.byteLength(line) + eventOverhead });
    const policy = { rules: [{ level: 'Metadata' }], omitStages: ['RequestReceived'] } as const;
    const audit = createAudit({ policy, sink: { write }, clock: this.world.clock });
    return { audit, settled: async () => undefined, close: async () => undefined };
  }

  /** There is no other cluster; to know that, the table is asked. */
  clustersOf(name: FunctionName): Clusters {
    const list = async (): Promise<[]> => {
      await this.world.clock.sleep(tableMs);
      this.meter.add(name, { tableCalls: 1, readUnits: 1 });
      return [];
    };
    return createClusters({ defaultName: settings.defaultCluster, list, clock: this.world.clock });
  }

  async invoke<T>(name: FunctionName, work: () => Promise<T>): Promise<T> {
    const startedMs = this.world.clock.monotonicMs();
    try {
      return await work();
    } finally {
      this.meter.add(name, { invocations: 1, waitedMs: elapsedMs(this.world, startedMs) });
    }
  }
}

const remaining = (account: Account, name: FunctionName): { getRemainingTimeInMillis(): number } => {
  const { clock } = account.world;
  const seconds = manifest.find((spec) => spec.name === name)?.timeoutSeconds ?? 0;
  const endMs = clock.monotonicMs() + seconds * 1000;
  return { getRemainingTimeInMillis: () => endMs - clock.monotonicMs() };
};

type OpenWorker = (life: Life) => Promise<Omit<OpenedWorker, 'notes'>>;

/** A process of a worker's function. */
function workerHandler(account: Account, group: WorkerGroupName, life: Life, open: OpenWorker): QueueHandler {
  const { world } = account;
  const doorbell = account.doorbellOf(group, life);
  return createWorkerHandler({
    group,
    clusters: account.clustersOf(group),
    doorbells: { of: () => doorbell, flush: () => doorbell.flush() },
    world,
    open: async () => ({ ...(await open(life)), notes: createWorkerNotes(mortal(account.tableOf(group), life), world.clock) }),
  });
}

/** A function that a group's queue wakes. */
async function startConsumer(account: Account, group: WorkerGroupName, open: OpenWorker): Promise<void> {
  const { coldWorkers = false, killEvery = Infinity } = account.options;
  const first = { isOver: false };
  const worker = coldWorkers ? undefined : await open(first);
  const warm = workerHandler(account, group, first, async (life) => worker ?? open(life));
  let invocations = 0;
  account.consumers.set(group, {
    name: group,
    async consume(event) {
      const life = { isOver: false };
      const handler = coldWorkers ? workerHandler(account, group, life, open) : warm;
      invocations += 1;
      const work = (): Promise<unknown> => handler(event, remaining(account, group));
      const lives = invocations % killEvery !== 0;
      await account.invoke(group, async () => void (await (lives ? work() : killed(account, life, work))));
      life.isOver = coldWorkers;
    },
  });
}

/** At some moment of its work, which takes about a second from a cold start. */
async function killed({ world }: Account, life: Life, work: () => Promise<unknown>): Promise<void> {
  const kill = async (): Promise<never> => {
    await world.clock.sleep(world.random.next() * 1000);
    life.isOver = true;
    throw new Killed();
  };
  await Promise.race([work(), kill()]);
}

const mortal = (table: Table, life: Life): Table =>
  new Proxy(table, {
    get(target, property) {
      const method: unknown = Reflect.get(target, property);
      if (typeof method !== 'function') return method;
      return (...args: unknown[]): unknown => (life.isOver ? never() : method.apply(target, args));
    },
  });

const startWorker = (account: Account, group: 'controllers' | 'scheduler'): Promise<void> =>
  startConsumer(account, group, (life) => openWorker(account, group, life));

async function openWorker(account: Account, group: 'controllers' | 'scheduler', life: Life): Promise<Omit<OpenedWorker, 'notes'>> {
  const { world } = account;
  const [table, doorbell] = [mortal(account.tableOf(group), life), account.doorbellOf(group, life)];
  const { store, own, close } = await openControlPlane({
    settings,
    cluster,
    table,
    doorbell,
    world,
    ownGroup: { name: group, load: () => loadWorkerGroup(group) },
    recorded: account.recordedBy(group),
  });
  if (own === undefined) throw new Error(`there are no controllers of the group ${group}`);
  return {
    revision: () => store.view().revision,
    async run(signal: AbortSignal) {
      const outcome = await own.run(signal);
      await own.flush();
      return outcome;
    },
    close,
  };
}

const startMaterializer = (account: Account): Promise<void> =>
  startConsumer(account, 'materializer', async (life) => {
    const { world } = account;
    const store = await createStore({ table: mortal(account.tableOf('materializer'), life), world, formats });
    return {
      revision: () => store.view().revision,
      async run() {
        await store.housekeep();
        return { outcome: 'quiet' } as const;
      },
      close: () => store.close(),
    };
  });

function startTimer(account: Account): void {
  const { world } = account;
  const table = account.tableOf('timer');
  const doorbell = account.doorbellOf('timer');
  const notes = createWorkerNotes(table, world.clock);
  const timer = createTimer({ table, notes, doorbell, groups: silentControllers(), world, measured: { table: '', cluster: cluster.name } });
  const sweep = createSweeps({
    clusters: account.clustersOf('timer'),
    world,
    open: () => ({ sweep: timer, close: async () => undefined }),
  });
  account.consumers.set('deadlines', {
    name: 'timer',
    consume: ({ Records }) =>
      account.invoke('timer', async () => {
        for (const { body } of Records) {
          const { group, mark } = JSON.parse(body) as Ring;
          doorbell.ring(group, mark);
        }
        await doorbell.flush();
      }),
  });
  const tick = (): void => {
    world.clock.after(minuteMs, tick);
    void account.invoke('timer', sweep);
  };
  world.clock.after(minuteMs, tick);
}

/** Entries of one quarter of a second come together. */
function startStream(account: Account): void {
  const { clock, log } = account.world;
  const doorbell = account.doorbellOf('doorbell');
  const ringFor = createStreamDoorbell({ groups: silentControllers(), doorbell, log });
  let gathered: EntryItem[] = [];
  account.appended = (entry) => {
    gathered.push(entry);
    if (gathered.length > 1) return;
    clock.after(streamMs, () => {
      const entries = gathered;
      gathered = [];
      void account.invoke('doorbell', async () => {
        await ringFor(entries);
        await doorbell.flush();
      });
    });
  };
}

interface Api {
  fetch(request: Request, user: User): Promise<Response>;
}

async function startApi(account: Account): Promise<Api> {
  const { world } = account;
  const doorbell = account.doorbellOf('api');
  const opened: CloudControlPlane = await openControlPlane({
    settings,
    cluster,
    table: account.tableOf('api'),
    doorbell,
    world,
    pollHoldSecondsMax: 0,
    recorded: account.recordedBy('api'),
  });
  const follower = createFollower(opened.store, world);
  return {
    fetch: (request, user) =>
      account.invoke('api', async () => {
        const release = follower.hold();
        const response = await opened.api.fetch(request, { user });
        const body = response.body === null ? null : await response.arrayBuffer();
        release();
        await doorbell.flush();
        return new Response(body, response);
      }),
  };
}

async function startNode(account: Account, api: Api, index: number): Promise<void> {
  const name = `node-${index}`;
  const client = createHttpClient({ baseUrl, fetch: (request) => api.fetch(request, admin) });
  await startSimulatedNode({
    name,
    index,
    client,
    world: account.world,
    async poll(request) {
      if (account.unresponsiveNodes.has(name)) throw new Error(`${name} is not heard`);
      const body = JSON.stringify(request);
      const headers = { 'content-type': 'application/json' };
      const response = await api.fetch(new Request(`${baseUrl}${pollPath(name)}`, { method: 'POST', body, headers }), nodeUser(name));
      if (!response.ok) throw new Error(`the poll of ${name} was answered with ${response.status}`);
      return (await response.json()) as NodePollResponse;
    },
  });
}

/** Between the polls of one node and the next, so that they are spread as those of real nodes. */
const nodePeriodMs = 20_000;

export async function openMeasuredCluster(nodeCount: number, options: MeasuredClusterOptions = {}): Promise<MeasuredCluster> {
  const account = new Account(options);
  const { world, meter } = account;
  const api = await world.until(startApi(account));
  for (const group of ['controllers', 'scheduler'] as const) await world.until(startWorker(account, group));
  await world.until(startMaterializer(account));
  startStream(account);
  startTimer(account);
  for (let index = 0; index < nodeCount; index += 1) {
    await world.until(startNode(account, api, index));
    await world.pass(nodePeriodMs / nodeCount);
  }
  return {
    client: createHttpClient({ baseUrl, fetch: (request) => api.fetch(request, admin) }),
    world,
    unresponsiveNodes: account.unresponsiveNodes,
    run: (work) => world.until(work),
    pass: (ms) => world.pass(ms),
    async follow(path) {
      await api.fetch(new Request(`${baseUrl}${path}`), admin);
    },
    usage: () => meter.read(),
    async coldStart() {
      const own = new Meter();
      const startedMs = world.clock.monotonicMs();
      await world.until(createStore({ table: account.tableOf('api', own), world, formats }));
      return { ...own.read().api, waitedMs: elapsedMs(world, startedMs) };
    },
  };
}
