/** What a function is made of: how large it is, how long it takes to load, and what it asks the table before its first answer. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { openControlPlane } from '../../functions/cloud/control-plane.ts';
import { settingNames, settingsOf } from '../../functions/cloud/settings.ts';
import { dynamodbTable } from '../../functions/store/dynamodb/dynamodb-table.ts';
import { sumOf } from '../../functions/store/dynamodb/costs.ts';
import { realWorld } from '../../functions/world.ts';
import { bundleAll, type Bundle } from '../../infra/bundle/bundle.ts';
import { createTable, missingEngine, startEngine } from '../support/dynamodb-engine.ts';
import { recordingDoorbell } from '../support/recording-doorbell.ts';

const bytesMax: Readonly<Record<string, number>> = {
  'materializer.lambda.ts': 260_000,
  'doorbell.lambda.ts': 240_000,
  'timer.lambda.ts': 300_000,
};
const bytesMaxDefault = 700_000;

const variables = {
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'none',
  AWS_SECRET_ACCESS_KEY: 'none',
  AWS_LAMBDA_HTTP_ENDPOINT: '127.0.0.1:0',
  [settingNames.table]: 'table',
  [settingNames.envelopeKey]: Buffer.alloc(32).toString('base64'),
};

describe('the bundles', () => {
  const directory = mkdtempSync(join(tmpdir(), 'hibernetes-bundles-'));
  let bundles: readonly Bundle[];

  before(async () => {
    bundles = await bundleAll(directory);
  });
  after(() => rmSync(directory, { recursive: true, force: true }));

  test('are no larger than they were', () => {
    for (const { entry, bytes, zippedBytes } of bundles) {
      process.stdout.write(`${entry}: ${Math.round(bytes / 1000)} kB, zipped with all parts ${Math.round(zippedBytes / 1000)} kB\n`);
      if (entry !== 'api.server.ts') assert.ok(bytes <= (bytesMax[entry] ?? bytesMaxDefault), `${entry} has ${bytes} bytes`);
    }
  });

  test('load by themselves, quickly', () => {
    for (const { entry, file } of bundles.filter(({ entry: name }) => name.endsWith('.lambda.ts'))) {
      const script = `globalThis.awslambda = { streamifyResponse: (handler) => handler }; const start = performance.now(); const { handler } = await import(${JSON.stringify(file)}); process.stdout.write(typeof handler + ' ' + Math.round(performance.now() - start));`;
      const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
        cwd: directory,
        env: variables,
        encoding: 'utf8',
      });
      assert.match(stdout, /^function \d+$/, stderr);
      process.stdout.write(`${entry}: loaded in ${stdout.split(' ')[1]?.trim()} ms\n`);
    }
  });
});

describe('a cold API', { skip: missingEngine('dynoxide') }, () => {
  test('asks the table little before its first answer', async () => {
    const engine = await startEngine('dynoxide');
    try {
      await createTable(engine.endpoint, 'table');
      const open = async () => {
        const client = { endpoint: engine.endpoint, region: 'us-east-1', credentials: { accessKeyId: 'local', secretAccessKey: 'local' } };
        const world = realWorld('error');
        const table = dynamodbTable({ tableName: 'table', cluster: 'c', world, client });
        const settings = settingsOf((name) => ({ ...variables })[name]);
        return {
          table,
          ...(await openControlPlane({ settings, cluster: { name: 'default', id: 'c' }, table, doorbell: recordingDoorbell(), world })),
        };
      };
      await (await open()).store.close();
      const { table, api, store } = await open();
      const user = { name: 'admin', groups: ['system:masters'] };
      const answer = await api.fetch(new Request('https://api/api/v1/namespaces/kube-system'), { user });
      assert.equal(answer.status, 200);
      const costs = table.costs.take();
      const { calls } = sumOf(costs.values());
      process.stdout.write(`first GET: ${calls} calls: ${JSON.stringify([...costs].map(([name, cost]) => [name, cost.calls]))}\n`);
      assert.ok(calls <= 5, `${calls} calls`);
      await store.close();
    } finally {
      await engine.stop();
    }
  });
});
