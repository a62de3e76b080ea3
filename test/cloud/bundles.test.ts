/** What a function is made of: how large it is, how long it takes to load, and what it asks the table before its first answer. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { descriptionsFile } from '../../functions/lambda/bundled-descriptions.ts';
import { openControlPlane } from '../../functions/cloud/control-plane.ts';
import { settingsOf } from '../../functions/cloud/settings.ts';
import { sumOf } from '../../functions/store/dynamodb/costs.ts';
import { realWorld } from '../../functions/world.ts';
import { bundleAll, type Bundle } from '../../infra/bundle/bundle.ts';
import { functionVariables, importCost } from '../support/cold-import.ts';
import { createTable, missingEngine, openTable, patientWorld, startEngine } from '../support/dynamodb-engine.ts';
import { recordingDoorbell } from '../support/recording-doorbell.ts';

/** Read before the first invocation, with every built-in kind and controller. */
const bytesMax: Readonly<Record<string, number>> = {
  'api.web.ts': 535_000,
  'api.server.ts': 604_000,
  'api.lambda.ts': 513_500,
  'controllers.lambda.ts': 519_500,
  'scheduler.lambda.ts': 519_500,
  'materializer.lambda.ts': 114_500,
  'doorbell.lambda.ts': 84_000,
  'timer.lambda.ts': 106_500,
};

/** The limit of all parts of a function: with the texts of `kubectl explain`, and what machines and browsers fetch. */
const zippedBytesMax = 1_750_000;

/** What most cold starts do not need: it waits in files beside the module. */
const notAtFirst = new RegExp(
  [
    'node_modules/(@aws-sdk|protobufjs|yaml|jose)/|event-streams|/openapi/document|kube/(protobuf\\.ts|generated/|patch/)',
    // What only writes, and checks of APIServices elsewhere, need.
    'apiserver/(admission/|aggregation/availability|registry/(create|update|delete)-object|verbs/(create|update|patch|delete|subresource|proxy)\\.)',
  ].join('|'),
);

describe('the bundles', () => {
  const directory = mkdtempSync(join(tmpdir(), 'hibernetes-bundles-'));
  let bundles: readonly Bundle[];

  before(async () => {
    bundles = await bundleAll(directory);
  });
  after(() => rmSync(directory, { recursive: true, force: true }));

  test('the bundles are no larger than they were', () => {
    const tooLarge: string[] = [];
    for (const { entry, bytes, zippedBytes } of bundles) {
      process.stdout.write(`${entry}: ${bytes} bytes, zipped with all parts ${zippedBytes}\n`);
      if (bytes > (bytesMax[entry] ?? 0) || zippedBytes > zippedBytesMax) tooLarge.push(entry);
    }
    assert.deepEqual(tooLarge, []);
  });

  test('the bundles read at first what every cold start needs', () => {
    // A server takes its credentials from all places that the SDK knows.
    for (const { entry, sources } of bundles.filter(({ entry: name }) => name !== 'api.server.ts')) {
      const found = Object.keys(sources).filter((path) => (sources[path] ?? 0) > 0 && notAtFirst.test(path));
      assert.deepEqual(found, [], entry);
    }
  });

  test('the bundles of the API bring the texts of kubectl explain, where they were collected', () => {
    const areCollected = existsSync(join(import.meta.dirname, '../../.cache/openapi', descriptionsFile));
    for (const { entry, file } of bundles)
      assert.equal(existsSync(join(dirname(file), descriptionsFile)), areCollected && entry.startsWith('api.'), entry);
  });

  test('the bundles load by themselves', () => {
    for (const { entry, file } of bundles) {
      const { cpuMs, wallMs } = importCost(file, directory);
      process.stdout.write(
        `${entry}: loaded in ${Math.round(wallMs)} ms, ${Math.round(cpuMs)} ms of processor time with Node's own start\n`,
      );
    }
  });
});

describe('a cold API', { skip: missingEngine('dynoxide') }, () => {
  test('asks the table three times before its first answer', async () => {
    const engine = await startEngine('dynoxide');
    try {
      await createTable(engine.endpoint, 'table');
      const open = async () => {
        const world = patientWorld();
        const table = openTable(engine.endpoint, 'table', 'c', { world });
        const settings = settingsOf((name) => functionVariables[name]);
        return {
          table,
          ...(await openControlPlane({ settings, cluster: { name: 'default', id: 'c' }, table, doorbell: recordingDoorbell(), world })),
        };
      };
      await (await open()).store.close();
      const arrivedMs = realWorld('error').clock.monotonicMs();
      const { table, api, store } = await open();
      const user = { name: 'admin', groups: ['system:masters'] };
      const answer = await api.fetch(new Request('https://api/api/v1/namespaces/kube-system'), { user, arrivedMs });
      assert.equal(answer.status, 200);
      const costs = table.costs.take();
      const { calls } = sumOf(costs.values());
      process.stdout.write(`first GET: ${calls} calls: ${JSON.stringify([...costs].map(([name, cost]) => [name, cost.calls]))}\n`);
      assert.deepEqual(
        [...costs].map(([name, cost]) => [name, cost.calls]),
        [
          ['readMeta', 1],
          ['readObjects', 1],
          ['readEntries', 1],
        ],
      );
      await store.close();
    } finally {
      await engine.stop();
    }
  });
});
