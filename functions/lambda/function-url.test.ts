import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { createFunctionUrlHandler, type FunctionUrlEvent, type ResponseHead } from './function-url.ts';

const eventOf = (method: string, path: string, more: Partial<FunctionUrlEvent> = {}): FunctionUrlEvent => {
  const [rawPath = '', rawQueryString = ''] = path.split('?');
  return {
    rawPath,
    rawQueryString,
    headers: { authorization: 'Bearer t' },
    requestContext: { domainName: 'x.lambda-url.aws', http: { method, sourceIp: '1.2.3.4' } },
    ...more,
  };
};

/** Calls the handler as the runtime of AWS Lambda does. */
async function invoke(event: FunctionUrlEvent, fetch: (request: Request) => Promise<Response>, remainingMs = 60_000) {
  const stream = new PassThrough();
  const writes: string[] = [];
  const write = stream.write.bind(stream);
  stream.write = ((chunk: string | Uint8Array) => {
    writes.push(Buffer.from(chunk as Uint8Array).toString());
    return write(chunk);
  }) as typeof stream.write;
  let head: ResponseHead | undefined;
  let settled = 0;
  const handler = createFunctionUrlHandler({
    fetch,
    streaming: { HttpResponseStream: { from: (to, given) => ((head = given), to) } },
    settle: async () => void (settled += 1),
  });
  const body = text(stream);
  await handler(event, stream, { getRemainingTimeInMillis: () => remainingMs });
  return { head, body: await body, writes, settled };
}

test('a request reaches the API whole, and its answer the client', async () => {
  const asked: unknown[] = [];
  const answer = await invoke(
    eventOf('POST', '/api/v1/pods?dryRun=All', { body: Buffer.from('{"a":1}').toString('base64'), isBase64Encoded: true }),
    async (request) => {
      asked.push(request.url, request.method, request.headers.get('authorization'), await request.text());
      return Response.json({ kind: 'Pod' }, { status: 201, headers: { 'audit-id': 'x' } });
    },
  );
  assert.deepEqual(asked, ['https://x.lambda-url.aws/api/v1/pods?dryRun=All', 'POST', 'Bearer t', '{"a":1}']);
  assert.deepEqual(answer.head, { statusCode: 201, headers: { 'audit-id': 'x', 'content-type': 'application/json' } });
  assert.equal(answer.body, '{"kind":"Pod"}');
  assert.equal(answer.settled, 1);
});

test('an answer without a body still writes once, or the connection would hang', async () => {
  const { writes, body, head } = await invoke(eventOf('GET', '/x'), async () => new Response(null, { status: 204 }));
  assert.deepEqual([writes, body, head?.statusCode], [[''], '', 204]);
});

test('a watch ends by its own time-out before the function does, and never lasts long', async () => {
  const seconds: (string | null)[] = [];
  const ask = (path: string, remainingMs: number) =>
    invoke(
      eventOf('GET', path),
      async ({ url }) => (seconds.push(new URL(url).searchParams.get('timeoutSeconds')), new Response('')),
      remainingMs,
    );
  await ask('/api/v1/pods?watch=true&timeoutSeconds=10', 900_000);
  await ask('/api/v1/pods?watch=1&timeoutSeconds=3600', 900_000);
  await ask('/api/v1/pods?watch=true', 60_000);
  await ask('/api/v1/pods?watch=false', 60_000);
  assert.deepEqual(seconds, ['10', '300', '54', null]);
});

test('a body that does not end is cut off when the function’s time is nearly up', async () => {
  let isCancelled = false;
  const endless = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(Buffer.from('line\n')),
    cancel: () => void (isCancelled = true),
  });
  const { body } = await invoke(eventOf('GET', '/log?follow=true'), async () => new Response(endless), 5_050);
  assert.equal(body, 'line\n');
  assert.equal(isCancelled, true);
});

test('a long answer to a slow reader is written piece by piece, and leaves nothing behind on the stream', async () => {
  const stream = new PassThrough();
  const pieces = 40;
  let left = pieces;
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => ((left -= 1) >= 0 ? controller.enqueue(Buffer.alloc(32 * 1024)) : controller.close()),
  });
  const handler = createFunctionUrlHandler({
    fetch: async () => new Response(body),
    streaming: { HttpResponseStream: { from: (to) => to } },
    settle: async () => undefined,
  });
  const handled = handler(eventOf('GET', '/x'), stream, { getRemainingTimeInMillis: () => 60_000 });
  let [bytes, listenersMax] = [0, 0];
  for await (const chunk of stream) {
    bytes += (chunk as Buffer).length;
    listenersMax = Math.max(listenersMax, stream.listenerCount('close'));
  }
  await handled;
  assert.equal(bytes, pieces * 32 * 1024);
  assert.ok(listenersMax < 8, String(listenersMax));
});
