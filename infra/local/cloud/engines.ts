/**
 * The services that AWS would run, on this machine: a table with its stream, and queues. The emulators are packages of
 * others; this project emulates what calls the functions.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { FauxqsServer } from 'fauxqs';
import { manifest, type WorkerGroupName } from '../../../functions/manifest.ts';
import { tableSchema } from '../../../functions/store/dynamodb/table-schema.ts';
import type { World } from '../../../functions/world.ts';
import { AwsError, awsJson, dynamodbAt } from './aws-json.ts';
import { untilListening } from './listening-port.ts';

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
  readonly process: ChildProcess;
}

async function startTable(file: string, { clock }: World, started: EngineOptions['started']): Promise<RunningTable> {
  const program = tableProgram();
  if (program === undefined) throw new MissingEngine('the optional package @dynoxide/linux-x64 is not installed: npm install');
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const process = spawn(program, ['serve', '--host', '127.0.0.1', '--port', '0', '--db-path', file], { stdio: 'ignore' });
  started(process);
  const endpoint = `http://127.0.0.1:${await untilListening(process, startMsMax, clock)}`;
  await createTable(endpoint);
  return { endpoint, process };
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

async function startQueues(): Promise<FauxqsServer> {
  try {
    const { startFauxqs } = await import('fauxqs');
    return await startFauxqs({ port: 0, host: '127.0.0.1', logger: false, defaultRegion: 'us-east-1' });
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
  const table = await startTable(join(directory, 'table.sqlite'), world, started);
  const queues = await startQueues();
  const queueEndpoint = `http://127.0.0.1:${queues.port}`;
  const create = (name: string, attributes: Record<string, string>): string => {
    const { queueUrl } = queues.createQueue(name, { attributes });
    // The host name in the address that it gives is none.
    return queueUrl.replace(/^https?:\/\/[^/]+/, queueEndpoint);
  };
  const fifo = { FifoQueue: 'true' };
  const aside = queues.createQueue('dead-letters.fifo', { attributes: fifo }).queueArn;
  const groupQueues = new Map<WorkerGroupName, string>();
  for (const { triggers, timeoutSeconds } of manifest) {
    const VisibilityTimeout = String(visibilitySeconds ?? timeoutSeconds + visibilityMarginSeconds);
    const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: aside, maxReceiveCount: deliveriesMax });
    for (const trigger of triggers) {
      if (trigger.kind === 'doorbell')
        groupQueues.set(trigger.group, create(`${trigger.group}.fifo`, { ...fifo, VisibilityTimeout, RedrivePolicy }));
    }
  }
  const deadlineQueue = create('deadlines', { VisibilityTimeout: '30' });
  return {
    tableEndpoint: table.endpoint,
    queueEndpoint,
    groupQueues,
    deadlineQueue,
    async stop() {
      await queues.stop();
      const ended = once(table.process, 'exit');
      if (table.process.kill('SIGTERM')) await ended;
    },
  };
}
