/**
 * What the bundled API does at the limits of a function. A watch lasts longer than a request may; objects and bodies
 * are too large; a thousand clients write at once. infra/aws/README.md documents the answers.
 */
import assert from 'node:assert/strict';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { openControlPlane } from '../../functions/cloud/control-plane.ts';
import { settingsOf } from '../../functions/cloud/settings.ts';
import { sumOf } from '../../functions/store/dynamodb/costs.ts';
import type { KubeObject } from '../../functions/kube/object.ts';
import type { Pod } from '../../functions/kube/generated/types.ts';
import { realWorld } from '../../functions/world.ts';
import { functionVariables } from '../support/cold-import.ts';
import { createTable, missingEngine, openTable, startEngine } from '../support/dynamodb-engine.ts';
import { recordingDoorbell } from '../support/recording-doorbell.ts';
import { eventually } from '../support/eventually.ts';
import { cloudClient, type CloudClient } from '../support/cloud-client.ts';

const configMaps = '/api/v1/namespaces/default/configmaps';
const pods = '/api/v1/namespaces/default/pods';
const { clock } = realWorld();

interface Event {
  readonly type: string;
  readonly object: KubeObject;
}

describe('a watch that lasts longer than a request may', () => {
  /** So many seconds instead of 900; the last five are left for the end. */
  const requestSecondsMax = 8;
  const written = 60;
  const everyMs = 150;
  let cloud: CloudClient;
  before(async () => {
    cloud = await cloudClient({ requestSecondsMax });
  });
  after(() => cloud?.stop());

  /** Resolves only if the answer came to its end: one that is cut off rejects. */
  async function watchOnce(from: string, more = ''): Promise<Event[]> {
    const response = await cloud.open('GET', `${configMaps}?watch=1&allowWatchBookmarks=true&resourceVersion=${from}${more}`);
    assert.equal(response.statusCode, 200);
    const lines = (await text(response)).trimEnd().split('\n');
    return lines.map((line) => JSON.parse(line) as Event);
  }

  async function write(): Promise<void> {
    for (let index = 0; index < written; index += 1) {
      const { code } = await cloud.ask('POST', configMaps, { body: JSON.stringify({ metadata: { name: `map-${index}` } }) });
      assert.equal(code, 201);
      await clock.sleep(everyMs);
    }
  }

  test('ends well before it is cut off, with a bookmark, and goes on where it ended', async () => {
    const { body: list } = await cloud.ask<{ metadata: { resourceVersion: string } }>('GET', configMaps);
    const writing = write();
    const seen: (string | undefined)[] = [];
    let from = list.metadata.resourceVersion;
    let watches = 0;
    for (; !seen.includes(`map-${written - 1}`); watches += 1) {
      const events = await watchOnce(from, watches === 0 ? '&timeoutSeconds=3600' : '');
      assert.equal(events.at(-1)?.type, 'BOOKMARK');
      seen.push(...events.flatMap(({ type, object }) => (type === 'ADDED' ? [object.metadata.name] : [])));
      from = events.at(-1)?.object.metadata.resourceVersion ?? '';
    }
    await writing;
    assert.ok(watches > 1);
    assert.deepEqual(
      seen.filter((name) => name?.startsWith('map-')),
      Array.from({ length: written }, (_, index) => `map-${index}`),
    );
  });
});

describe('a large object', () => {
  const objectBytes = 3_000_000;
  const bodyBytesMax = 3 * 1024 * 1024;
  let cloud: CloudClient;
  before(async () => {
    cloud = await cloudClient();
  });
  after(() => cloud?.stop());

  /** A Pod that no node will take, of so many bytes of JSON. */
  function podOf(name: string, bytes: number, letter = 'x'): string {
    const withText = (filling: string): string =>
      JSON.stringify({ metadata: { name }, spec: { containers: [{ name: 'c', image: 'none', args: [filling] }] } });
    return withText(letter.repeat(bytes - withText('').length));
  }
  const filling = ({ spec }: Pod): number => spec?.containers[0]?.args?.[0]?.length ?? 0;

  test('a large object of 3 MB is created, read, listed, watched and updated', async () => {
    // Pods are admitted once their namespace has its ServiceAccount.
    await eventually(async () => assert.equal((await cloud.ask('GET', '/api/v1/namespaces/default/serviceaccounts/default')).code, 200));
    const created = await cloud.ask<KubeObject>('POST', pods, { body: podOf('large', objectBytes) });
    assert.equal(created.code, 201);
    const read = await cloud.ask<Pod>('GET', `${pods}/large`);
    assert.ok(filling(read.body) > objectBytes - 200);
    const { body: list } = await cloud.ask<{ items: Pod[]; metadata: { resourceVersion: string } }>('GET', pods);
    assert.deepEqual(list.items.map(filling), [filling(read.body)]);
    const watching = cloud.open('GET', `${pods}?watch=1&timeoutSeconds=2&resourceVersion=${list.metadata.resourceVersion}`);
    const labels = { metadata: { labels: { size: 'large' } } };
    const patched = await cloud.ask<KubeObject>('PATCH', `${pods}/large`, {
      body: JSON.stringify(labels),
      headers: { 'content-type': 'application/merge-patch+json' },
    });
    assert.equal(patched.code, 200);
    const updated = await cloud.ask<KubeObject>('PUT', `${pods}/large`, {
      body: JSON.stringify({ ...patched.body, metadata: { ...patched.body.metadata, labels: { size: 'huge' } } }),
    });
    assert.equal(updated.code, 200);
    const events = (await text(await watching))
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Event);
    // The scheduler's word on the pod may come between the list and the watch.
    assert.deepEqual(
      events.filter(({ type }) => type === 'MODIFIED').flatMap(({ object }) => object.metadata.labels?.['size'] ?? []),
      ['large', 'huge'],
    );
  });

  test('a large object of more than 3 MiB is refused in upstream’s words', async () => {
    const { code, body } = await cloud.ask('POST', pods, { body: podOf('larger', bodyBytesMax + 1) });
    assert.equal(code, 413);
    assert.deepEqual(
      [body.kind, body.reason, body.message],
      ['Status', 'RequestEntityTooLarge', 'Request entity too large: limit is 3145728'],
    );
  });

  test('a large object of more than 6 MB is refused by the host, before any function sees it', async () => {
    const before = cloud.controlPlane.counts()['api']?.invocations;
    const { code, body } = await cloud.ask<{ Message: string }>('POST', pods, { body: podOf('largest', 7_000_000) });
    assert.deepEqual([code, body], [413, { Message: 'Request Too Large' }]);
    assert.equal(cloud.controlPlane.counts()['api']?.invocations, before);
  });
});

describe('a thousand writers at once', () => {
  const writers = 1000;
  const attemptsMax = 40;
  /** By code; 0 for a connection that broke. */
  const answers = new Map<number, number>();
  let cloud: CloudClient;
  before(async () => {
    // Fewer than on AWS, so that some may be turned away: infra/local/cloud/web-function.test.ts shows when.
    cloud = await cloudClient({ requestsMax: 4 });
  });
  after(() => cloud?.stop());

  async function create(name: string): Promise<number> {
    const body = JSON.stringify({ metadata: { name, labels: { from: 'writers' } } });
    const { code } = await cloud.ask('POST', configMaps, { body }).catch((error: unknown) => {
      if (error instanceof Error && 'code' in error && error.code === 'ECONNRESET') return { code: 0 };
      throw error;
    });
    answers.set(code, (answers.get(code) ?? 0) + 1);
    return code;
  }

  /** As clients do: what was put off is asked again, and may be there already. */
  async function insist(name: string): Promise<void> {
    for (let attempt = 1; attempt <= attemptsMax; attempt += 1) {
      const code = await create(name);
      if (code === 201 || (code === 409 && attempt > 1)) return;
      assert.ok(code === 0 || code === 429 || code === 503 || code === 504, `${code}`);
      await clock.sleep(100 * attempt);
    }
    assert.fail(`${name} was never taken`);
  }

  test('a thousand writers at once are all answered, and nothing is lost', async () => {
    const names = Array.from({ length: writers }, (_, index) => `map-${String(index).padStart(3, '0')}`);
    await Promise.all(names.map(insist));
    const { body } = await cloud.ask<{ items: KubeObject[] }>('GET', `${configMaps}?labelSelector=from%3Dwriters`);
    assert.deepEqual(
      body.items.map(({ metadata }) => metadata.name),
      names,
    );
    process.stdout.write(`answers by code: ${JSON.stringify([...answers])}; ${JSON.stringify(cloud.controlPlane.counts())}\n`);
    const revisions = new Set(body.items.map(({ metadata }) => Number(metadata.resourceVersion)));
    assert.equal(revisions.size, writers);
    // No other client writes much: the revisions of the log have no gaps.
    assert.ok(Math.max(...revisions) - Math.min(...revisions) < writers * 1.1);
  });
});

describe('a thousand writers in one environment', { skip: missingEngine('dynoxide') }, () => {
  test('a thousand writers in one environment share the calls of the table', async () => {
    const writers = 1000;
    const engine = await startEngine('dynoxide');
    try {
      await createTable(engine.endpoint, 'table');
      const table = openTable(engine.endpoint, 'table', 'default');
      const settings = settingsOf((name) => functionVariables[name]);
      const cluster = { name: 'default', id: 'default' };
      const { api, close } = await openControlPlane({ settings, cluster, table, doorbell: recordingDoorbell(), world: realWorld('error') });
      const user = { name: 'admin', groups: ['system:masters'] };
      table.costs.take();
      const codes = await Promise.all(
        Array.from({ length: writers }, async (_, index) => {
          const init = {
            method: 'POST',
            headers: { 'content-type': 'application/json' },
            body: JSON.stringify({ metadata: { name: `map-${index}` } }),
          };
          return (await api.fetch(new Request(`https://api${configMaps}`, init), { user })).status;
        }),
      );
      assert.deepEqual(new Set(codes), new Set([201]));
      const { calls, writeUnits } = sumOf(table.costs.take().values());
      process.stdout.write(`${writers} writes at once: ${calls} calls, ${writeUnits} write units\n`);
      assert.ok(calls < writers / 10, `${calls} calls`);
      await close();
    } finally {
      await engine.stop();
    }
  });
});
