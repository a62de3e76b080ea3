/**
 * The services that AWS would run, on this machine: a table with its stream, and queues. The emulators are packages of
 * others; this project emulates what calls the functions.
 */
import { fork, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { dirname, extname, join } from 'node:path';
import { manifest, type WorkerGroupName } from '../../../functions/manifest.ts';
import { tableSchema } from '../../../functions/store/dynamodb/table-schema.ts';
import type { Cancel, Clock, World } from '../../../functions/world.ts';
import { AwsError, awsJson, dynamodbAt, region, sqsAt } from './aws-json.ts';
import { endpointOf, type GuardedServer, secretPath, startGuardedServer } from './guarded-server.ts';
import { untilListening } from './listening-port.ts';
import { networkOf, ownNetwork } from './own-network.ts';
import type { RelayStart } from './relay.ts';

export interface Engines {
  readonly tableEndpoint: string;
  readonly queueEndpoint: string;
  /** Address of each group's FIFO queue. */
  readonly groupQueues: ReadonlyMap<WorkerGroupName, string>;
  readonly deadlineQueue: string;
  stop(): Promise<void>;
}

export const tableName = 'hibernetes';

/** Something that `--cloud local` needs is not on this machine. */
export class MissingEngine extends Error {
  override name = 'MissingEngine';
}

/** Undefined: the optional package is not installed. */
function tableProgram(): string | undefined {
  const directories = createRequire(import.meta.url).resolve.paths('@dynoxide/linux-x64') ?? [];
  return directories.map((directory) => join(directory, '@dynoxide/linux-x64/dynoxide')).find((file) => existsSync(file));
}
const startMsMax = 60_000;
/** Deliveries of a message before it goes aside. */
const deliveriesMax = 3;
/** Between a function's time-out and the next delivery. */
const visibilityMarginSeconds = 5;

interface RunningTable {
  readonly endpoint: string;
  readonly processes: readonly ChildProcess[];
}

/** The emulator checks no credentials: it runs in a network of its own, and a relay lets in those who know its address. */
async function startTable(file: string, { world, started }: Pick<EngineOptions, 'world' | 'started'>): Promise<RunningTable> {
  const program = tableProgram();
  if (program === undefined) throw new MissingEngine('the optional package @dynoxide/linux-x64 is not installed: npm install');
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const isolated = ownNetwork();
  if (isolated === undefined)
    world.log.warn('this machine permits no network namespaces: its other users can read and write the emulated table');
  const [command, ...words] = [...(isolated ?? []), program, 'serve', '--host', '127.0.0.1', '--port', '0', '--db-path', file];
  const table = spawn(command, words, { stdio: 'ignore' });
  started(table);
  const port = await untilListening(table, startMsMax, world.clock);
  const path = secretPath(world.random);
  const within = isolated === undefined || table.pid === undefined ? [] : networkOf(table.pid);
  const relay = await startRelay({ path, port }, within, { world, started });
  await createTable(relay.endpoint);
  return { endpoint: relay.endpoint, processes: [relay.process, table] };
}

const relayProgram = join(import.meta.dirname, `relay${extname(import.meta.filename)}`);

/** `within`: what begins its command line. */
async function startRelay(
  start: RelayStart,
  within: readonly string[],
  { world, started }: Pick<EngineOptions, 'world' | 'started'>,
): Promise<{ readonly endpoint: string; readonly process: ChildProcess }> {
  const [execPath, ...execArgv] = [...within, process.execPath];
  const relay = fork(relayProgram, { execPath, execArgv, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  started(relay);
  // It belongs to the machine's network, wherever the process is that serves it.
  const socket = createServer();
  await once(socket.listen(0, '127.0.0.1'), 'listening');
  const listens = untilRelayListens(relay, world.clock);
  relay.send(start, socket);
  try {
    await listens;
    return { endpoint: endpointOf(socket, start.path), process: relay };
  } catch (error) {
    relay.kill('SIGKILL');
    throw error;
  } finally {
    socket.close();
  }
}

async function untilRelayListens(relay: ChildProcess, clock: Clock): Promise<void> {
  let cancel: Cancel = () => {};
  const late = new Promise<never>((_resolve, reject) => {
    cancel = clock.after(startMsMax, () => reject(new Error(`the relay did not listen within ${startMsMax / 1000} s`)));
  });
  const ended = once(relay, 'exit').then(() => Promise.reject(new Error('the relay ended')));
  try {
    await Promise.race([once(relay, 'message'), ended, late]);
  } finally {
    cancel();
  }
}

async function createTable(endpoint: string): Promise<void> {
  const { partitionKey, sortKey, streamViewType, billingMode } = tableSchema;
  try {
    await awsJson(dynamodbAt(endpoint), 'CreateTable', {
      TableName: tableName,
      AttributeDefinitions: [partitionKey, sortKey].map(({ name, type }) => ({ AttributeName: name, AttributeType: type })),
      KeySchema: [
        { AttributeName: partitionKey.name, KeyType: 'HASH' },
        { AttributeName: sortKey.name, KeyType: 'RANGE' },
      ],
      BillingMode: billingMode,
      StreamSpecification: { StreamEnabled: true, StreamViewType: streamViewType },
    });
  } catch (error) {
    if (!(error instanceof AwsError && error.code === 'ResourceInUseException')) throw error;
  }
}

/** The emulator has no port: what listens is the guard before it. */
async function startQueues(random: World['random']): Promise<GuardedServer> {
  try {
    const { buildApp } = await import('fauxqs');
    const app = buildApp({ logger: false, defaultRegion: region });
    await app.ready();
    const guard = await startGuardedServer(random, (incoming, outgoing) => app.routing(incoming, outgoing));
    const stop = async (): Promise<void> => {
      await guard.stop();
      await app.close();
    };
    return { endpoint: guard.endpoint, stop };
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND')
      throw new MissingEngine('the optional package fauxqs is not installed: npm install', { cause: error });
    throw error;
  }
}

export interface EngineOptions {
  readonly directory: string;
  readonly world: World;
  readonly visibilitySeconds?: number | undefined;
  /** Called with every process that starts: its caller can end it even if this one is cut off. */
  readonly started: (child: ChildProcess) => void;
}

export async function startEngines({ directory, world, visibilitySeconds, started }: EngineOptions): Promise<Engines> {
  const table = await startTable(join(directory, 'table.sqlite'), { world, started });
  const queues = await startQueues(world.random);
  const service = sqsAt(queues.endpoint);
  const create = async (QueueName: string, Attributes: Record<string, string>): Promise<string> =>
    (await awsJson<{ readonly QueueUrl: string }>(service, 'CreateQueue', { QueueName, Attributes })).QueueUrl;
  const arnOf = async (QueueUrl: string): Promise<string> => {
    const asked = { QueueUrl, AttributeNames: ['QueueArn'] };
    return (await awsJson<{ readonly Attributes: { readonly QueueArn: string } }>(service, 'GetQueueAttributes', asked)).Attributes
      .QueueArn;
  };
  const fifo = { FifoQueue: 'true' };
  const aside = await arnOf(await create('dead-letters.fifo', fifo));
  const groupQueues = new Map<WorkerGroupName, string>();
  for (const { triggers, timeoutSeconds } of manifest) {
    const VisibilityTimeout = String(visibilitySeconds ?? timeoutSeconds + visibilityMarginSeconds);
    const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: aside, maxReceiveCount: deliveriesMax });
    for (const trigger of triggers) {
      if (trigger.kind === 'doorbell')
        groupQueues.set(trigger.group, await create(`${trigger.group}.fifo`, { ...fifo, VisibilityTimeout, RedrivePolicy }));
    }
  }
  const deadlineQueue = await create('deadlines', { VisibilityTimeout: '30' });
  return {
    tableEndpoint: table.endpoint,
    queueEndpoint: queues.endpoint,
    groupQueues,
    deadlineQueue,
    async stop() {
      await queues.stop();
      for (const child of table.processes) {
        const ended = once(child, 'exit');
        if (child.kill('SIGTERM')) await ended;
      }
    },
  };
}
