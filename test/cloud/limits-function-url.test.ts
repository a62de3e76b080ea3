/**
 * The same limits behind a Function URL, where one process serves one request at a time. The context of each call holds
 * the time that is left. The test calls the API as it is bundled for that host, as the runtime would.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, type Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { adminTokenOf } from '../../functions/cloud/admin-token.ts';
import type { FunctionUrlEvent, LambdaStreaming, ResponseHead, StreamHandler } from '../../functions/lambda/function-url.ts';
import { hostLimitNames } from '../../functions/lambda/host-limits.ts';
import { settingNames } from '../../functions/cloud/settings.ts';
import type { KubeObject } from '../../functions/kube/object.ts';
import { realWorld } from '../../functions/world.ts';
import { bundleFunction } from '../../infra/bundle/bundle.ts';
import { createTable, missingEngine, startEngine, type DynamodbEngine } from '../support/dynamodb-engine.ts';

const configMaps = '/api/v1/namespaces/default/configmaps';
const answerBytesMax = 20_000_000;
const adminSecret = 'secret';
/** Source: AWS Lambda quotas, invocation payload. */
const eventBytesMax = 6 << 20;
const usualMs = 60_000;

interface Answer {
  readonly code: number;
  readonly text: string;
}

describe('the API behind a Function URL', { skip: missingEngine('dynoxide') }, () => {
  const directory = mkdtempSync(join(tmpdir(), 'hibernetes-function-url-'));
  const given: string[] = [];
  let engine: DynamodbEngine;
  let handler: StreamHandler;

  const give = (variables: Readonly<Record<string, string>>): void => {
    for (const [name, value] of Object.entries(variables)) {
      process.env[name] = value;
      given.push(name);
    }
  };

  before(async () => {
    engine = await startEngine('dynoxide');
    await createTable(engine.endpoint, 'table');
    give({
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'local',
      AWS_SECRET_ACCESS_KEY: 'local',
      AWS_ENDPOINT_URL_DYNAMODB: engine.endpoint,
      [settingNames.table]: 'table',
      [settingNames.envelopeKey]: Buffer.alloc(32).toString('base64'),
      [settingNames.adminSecret]: adminSecret,
      [settingNames.logLevel]: 'error',
      [hostLimitNames.answerBytesMax]: String(answerBytesMax),
    });
    const heads = new Map<Writable, ResponseHead>();
    const awslambda: LambdaStreaming & { heads: typeof heads } = {
      heads,
      streamifyResponse: (streamed) => streamed,
      HttpResponseStream: { from: (stream, head) => (heads.set(stream, head), stream) },
    };
    Object.assign(globalThis, { awslambda });
    const { file } = await bundleFunction('api.lambda.ts', directory);
    ({ handler } = (await import(file)) as { handler: StreamHandler });
  });
  after(async () => {
    for (const name of given) delete process.env[name];
    await engine?.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  /** An invocation with so much time left. What it takes is part of the answer. */
  async function invoke(method: string, path: string, body?: string | Buffer, remainingMs = usualMs): Promise<Answer> {
    const [rawPath = '', rawQueryString = ''] = path.split('?');
    const headers = { authorization: `Bearer ${adminTokenOf(adminSecret, 'default')}`, 'content-type': 'application/json' };
    const event: FunctionUrlEvent = {
      rawPath,
      rawQueryString,
      headers,
      requestContext: { domainName: 'api.lambda-url.test', http: { method, sourceIp: '192.0.2.7' } },
      ...(body === undefined
        ? {}
        : { body: body.toString(typeof body === 'string' ? undefined : 'base64'), isBase64Encoded: typeof body !== 'string' }),
    };
    assert.ok(Buffer.byteLength(JSON.stringify(event)) <= eventBytesMax, 'AWS would refuse the event with 413');
    const stream = new PassThrough();
    const endMs = Date.now() + remainingMs;
    const whole = text(stream);
    await handler(event, stream, { getRemainingTimeInMillis: () => endMs - Date.now() });
    assert.ok(Date.now() < endMs, 'it was cut off');
    const { heads } = (globalThis as unknown as { awslambda: { heads: Map<Writable, ResponseHead> } }).awslambda;
    return { code: heads.get(stream)?.statusCode ?? 0, text: await whole };
  }

  const create = (name: string, data = ''): Promise<Answer> =>
    invoke('POST', configMaps, JSON.stringify({ metadata: { name }, data: { text: data } }));

  test('ends a watch before the function ends, with a bookmark, and the next goes on from there', async () => {
    const { clock } = realWorld();
    await create('map-0');
    let from = '0';
    const names: (string | undefined)[] = [];
    const writing = (async () => {
      for (let index = 1; index < 20; index += 1) {
        assert.equal((await create(`map-${index}`)).code, 201);
        await clock.sleep(200);
      }
    })();
    let watches = 0;
    for (; !names.includes('map-19'); watches += 1) {
      const { code, text: lines } = await invoke(
        'GET',
        `${configMaps}?watch=1&allowWatchBookmarks=true&resourceVersion=${from}`,
        undefined,
        8_000,
      );
      assert.equal(code, 200);
      const events = lines
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as { type: string; object: KubeObject });
      assert.equal(events.at(-1)?.type, 'BOOKMARK');
      names.push(...events.flatMap(({ type, object }) => (type === 'ADDED' ? [object.metadata.name] : [])));
      from = events.at(-1)?.object.metadata.resourceVersion ?? '';
    }
    await writing;
    assert.ok(watches > 1);
    assert.deepEqual(
      names.filter((name) => name?.startsWith('map-')),
      Array.from({ length: 20 }, (_, index) => `map-${index}`),
    );
  });

  test('takes an object of 3 MB, as text and as bytes, within the 6 MB of an event', async () => {
    const deployments = '/apis/apps/v1/namespaces/default/deployments';
    const labels = { app: 'large' };
    const large = (name: string): string => {
      const containers = [{ name: 'c', image: 'none', args: ['"'.repeat(100), 'x'.repeat(2_999_000)] }];
      return JSON.stringify({
        metadata: { name },
        spec: { replicas: 0, selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers } } },
      });
    };
    for (const body of [large('text'), Buffer.from(large('bytes'))]) assert.equal((await invoke('POST', deployments, body)).code, 201);
    const { code, text: answer } = await invoke('POST', deployments, `"${'x'.repeat(3 * 1024 * 1024)}"`);
    assert.equal(code, 413);
    assert.equal((JSON.parse(answer) as { message: string }).message, 'Request entity too large: limit is 3145728');
  });

  test('refuses a list that AWS would cut off, and sends a part of it that was asked for', async () => {
    for (let index = 0; index < 21; index += 1) assert.equal((await create(`large-${index}`, 'x'.repeat(1_000_000))).code, 201);
    const { code, text: answer } = await invoke('GET', configMaps);
    assert.equal(code, 413);
    assert.match(
      (JSON.parse(answer) as { message: string }).message,
      /^Request entity too large: the answer would have more than the 20000000 bytes/,
    );
    const page = await invoke('GET', `${configMaps}?limit=10`);
    assert.equal(page.code, 200);
    assert.ok(page.text.length < answerBytesMax);
  });
});
