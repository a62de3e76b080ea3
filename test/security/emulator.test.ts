/** What `up --cloud local` listens on serves those who were given its address: other users of the machine see only the port. */
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { realWorld } from '../../functions/world.ts';
import { awsJson, dynamodbAt } from '../../infra/local/cloud/aws-json.ts';
import { type Engines, startEngines } from '../../infra/local/cloud/engines.ts';
import type { GuardedServer } from '../../infra/local/cloud/guarded-server.ts';
import { isMissing } from '../../infra/local/data-directory.ts';
import { startSmallServices } from '../../infra/local/cloud/small-services.ts';
import { everyCase } from '../support/every-case.ts';

interface Listener {
  /** As the kernel writes it. */
  readonly address: string;
  readonly port: number;
}

/** Source: the kernel's include/net/tcp_states.h. */
const listenState = '0A';
const loopback = '0100007F';

const socketsOf = (pid: number): readonly string[] =>
  readdirSync(`/proc/${pid}/fd`).flatMap((name) => {
    try {
      return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${name}`))?.[1] ?? [];
    } catch (error) {
      // The descriptor that the listing itself had.
      if (!isMissing(error)) throw error;
      return [];
    }
  });

/** What the processes listen on in this network, where users of the machine are. */
function listenersOf(pids: readonly number[]): readonly Listener[] {
  const inodes = new Set(pids.flatMap(socketsOf));
  const rows = ['tcp', 'tcp6'].flatMap((name) => readFileSync(`/proc/self/net/${name}`, 'utf8').trim().split('\n').slice(1));
  return rows.flatMap((row) => {
    const [, local = '', , state, , , , , , inode = ''] = row.trim().split(/\s+/);
    const [address = '', port = ''] = local.split(':');
    return state === listenState && inodes.has(inode) ? [{ address, port: Number.parseInt(port, 16) }] : [];
  });
}

const operations = [
  ...['ListTables', 'Scan', 'PutItem', 'DeleteTable'].map((name) => `DynamoDB_20120810.${name}`),
  'DynamoDBStreams_20120810.ListStreams',
  ...['ListQueues', 'ReceiveMessage', 'SendMessage', 'PurgeQueue', 'CreateQueue'].map((name) => `AmazonSQS.${name}`),
  ...['GetSecretValue', 'PutSecretValue'].map((name) => `secretsmanager.${name}`),
  'Logs_20140328.PutLogEvents',
];
/** Spellings of the root, and secrets that are none. */
const paths = [
  '/',
  '//',
  '/?',
  '/./',
  '/%2e/',
  '/bucket/key',
  `/${'0'.repeat(32)}/`,
  `/${'0'.repeat(32)}`,
  'http://127.0.0.1/',
  '/_health',
];

const statusOf = (port: number, path: string, target: string): Promise<number> =>
  new Promise((resolve, reject) => {
    const headers = { 'x-amz-target': target, 'content-type': 'application/x-amz-json-1.0' };
    const sent = request({ host: '127.0.0.1', port, path, method: 'POST', headers, agent: false }, (answer) => {
      answer.resume().once('end', () => resolve(answer.statusCode ?? 0));
    });
    sent.once('error', reject);
    sent.end(JSON.stringify({ TableName: 'hibernetes', QueueName: 'deadlines', SecretId: 'envelope-key' }));
  });

describe('what the emulator of AWS listens on', () => {
  const directory = mkdtempSync(join(tmpdir(), 'emulator-'));
  const children: ChildProcess[] = [];
  let engines: Engines | undefined;
  let services: GuardedServer | undefined;
  let listeners: readonly Listener[] = [];

  before(async () => {
    const world = realWorld('warn');
    const before = new Set(listenersOf([process.pid]).map(({ port }) => port));
    engines = await startEngines({ directory, world, started: (child) => children.push(child) });
    services = await startSmallServices({ read: () => 'secret', write: () => assert.fail('it was written') }, undefined, world.random);
    listeners = listenersOf([process.pid, ...children.map(({ pid = 0 }) => pid)]).filter(({ port }) => !before.has(port));
  });
  after(async () => {
    await engines?.stop();
    await services?.stop();
    rmSync(directory, { recursive: true });
  });

  test('the emulator listens for its table, its queues and its secret, on loopback alone', () => {
    const ports = [engines?.tableEndpoint, engines?.queueEndpoint, services?.endpoint].map((endpoint = '') =>
      Number(new URL(endpoint).port),
    );
    assert.deepEqual(new Set(listeners.map(({ port }) => port)), new Set(ports));
    assert.equal(listeners.length, ports.length);
    assert.deepEqual(new Set(listeners.map(({ address }) => address)), new Set([loopback]));
  });

  test('no operation of any service is served to a caller who does not know the address', async () => {
    const attempts = listeners.flatMap(({ port }) => paths.flatMap((path) => operations.map((target) => ({ port, path, target }))));
    await everyCase(
      attempts,
      ({ port, path, target }) => `${port} ${path} ${target}`,
      async ({ port, path, target }) => assert.equal(await statusOf(port, path, target), 403),
    );
    const { TableNames } = await awsJson<{ readonly TableNames: readonly string[] }>(
      dynamodbAt(engines?.tableEndpoint ?? ''),
      'ListTables',
      {},
    );
    assert.deepEqual(TableNames, ['hibernetes']);
  });

  test('no secret of an address stands in the arguments of a process', () => {
    const secrets = [engines?.tableEndpoint, engines?.queueEndpoint, services?.endpoint].map((endpoint = '') => new URL(endpoint).pathname);
    for (const { pid } of children) {
      const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      for (const secret of secrets) assert.ok(!words.includes(secret.slice(1, -1)), words);
    }
  });
});
