/** A list of 200 MB, the most that an answer may have behind a Function URL. The bundled API must send it. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { KubeObject } from '../../functions/kube/object.ts';
import { manifest } from '../../functions/manifest.ts';
import { cloudClient, type CloudClient } from '../support/cloud-client.ts';

interface List {
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string };
  readonly items: readonly KubeObject[];
}

const configMaps = '/api/v1/namespaces/default/configmaps';
const answerBytesMax = 200_000_000;
const eachBytes = 1_000_000;
const names = Array.from({ length: answerBytesMax / eachBytes }, (_, index) => `large-${String(index).padStart(3, '0')}`);
const atOnce = 8;

/** The table has little of it, for it compresses well; an answer has it all. */
const dataOf = (name: string): string => `${name} `.repeat(eachBytes / (name.length + 1));

describe('a list of 200 MB', () => {
  let cloud: CloudClient;

  const create = async (name: string): Promise<void> => {
    const object = {
      metadata: { name, labels: { size: 'large', ...(name === names[0] ? { first: 'yes' } : {}) } },
      data: { text: dataOf(name) },
    };
    const { code } = await cloud.ask('POST', configMaps, { body: JSON.stringify(object) });
    assert.equal(code, 201);
  };

  before(async () => {
    cloud = await cloudClient();
    const queue = [...names];
    await Promise.all(
      Array.from({ length: atOnce }, async () => {
        for (let name = queue.shift(); name !== undefined; name = queue.shift()) await create(name);
      }),
    );
  });
  after(() => cloud?.stop());

  test('a list that is too large is refused before it begins, and the message names limit and continue', async () => {
    const { code, body } = await cloud.ask('GET', configMaps);
    assert.deepEqual([code, body.reason], [413, 'RequestEntityTooLarge']);
    assert.equal(
      body.message,
      'Request entity too large: the answer would have more than the 200000000 bytes that this host can send; ask for it in pages, with limit and continue',
    );
  });

  test('a list of a little less than 200 MB comes as a stream, and whole', async () => {
    const response = await cloud.open('GET', `${configMaps}?labelSelector=size%3Dlarge,!first`);
    assert.equal(response.statusCode, 200);
    assert.equal(response.headers['content-length'], undefined);
    let bytes = 0;
    for await (const chunk of response) bytes += (chunk as Buffer).length;
    assert.ok(bytes > (names.length - 1) * eachBytes && bytes <= answerBytesMax, String(bytes));
  });

  test('a list of 200 MB comes in pages, as kubectl and informers ask for it', async () => {
    const found: (string | undefined)[] = [];
    let token = '';
    do {
      const { code, body } = await cloud.ask<List>(
        'GET',
        `${configMaps}?labelSelector=size%3Dlarge&limit=500&continue=${encodeURIComponent(token)}`,
      );
      assert.equal(code, 200);
      found.push(...body.items.map(({ metadata }) => metadata.name));
      token = body.metadata.continue ?? '';
    } while (token !== '');
    assert.deepEqual(found, names);
  });

  test('a list of 200 MB is refused to a watch that begins with it; informers then ask for pages', async () => {
    const query = 'watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true';
    assert.equal((await cloud.ask('GET', `${configMaps}?${query}`)).code, 413);
  });

  test('fits into the memory of the function', () => {
    const memoryMiB = manifest.find(({ name }) => name === 'api')?.memoryMiB ?? 0;
    process.stdout.write(`${Math.round(cloud.memoryMiBMax())} of ${memoryMiB} MiB\n`);
    assert.ok(cloud.memoryMiBMax() < memoryMiB);
  });
});
