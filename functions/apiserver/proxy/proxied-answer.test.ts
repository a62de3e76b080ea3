/** Pages that a proxied server packed to harm the server that unpacks them. */
import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { deflateRawSync, gunzipSync, gzipSync } from 'node:zlib';
import { proxiedAnswer } from './proxied-answer.ts';

const place = { prefix: '/api/v1/namespaces/default/pods/web/proxy', serverHost: '192.0.2.1:80', requestHost: 'api' };

const answerOf = (bytes: Uint8Array, encoding: string): IncomingMessage => {
  const headers = { 'content-type': 'text/html', 'content-encoding': encoding };
  const rawHeaders = Object.entries(headers).flat();
  const parts = { statusCode: 200, statusMessage: 'OK', headers, rawHeaders };
  return Object.assign(Readable.from([Buffer.from(bytes)]), parts) as unknown as IncomingMessage;
};

async function proxied(bytes: Uint8Array, encoding: string): Promise<Buffer> {
  const response = await proxiedAnswer(answerOf(bytes, encoding), 'GET', place);
  assert.equal(response.headers.get('content-encoding'), encoding);
  return Buffer.from(await response.arrayBuffer());
}

test('the links of a packed page lead through the proxy', async () => {
  const page = gunzipSync(await proxied(gzipSync('<a href="/next">next</a>'), 'gzip')).toString();
  assert.match(page, /href="[^"]*proxy\/next"/);
});

const unpackedBytes = 33 << 20;
const harmful: readonly (readonly [string, Uint8Array, string])[] = [
  ['a page that unpacks to more than is held', gzipSync(Buffer.alloc(unpackedBytes)), 'gzip'],
  ['a page that inflates to more than is held', deflateRawSync(Buffer.alloc(unpackedBytes)), 'deflate'],
  ['a page that is not packed as its header names', Buffer.from('<a href="/next">'), 'gzip'],
  ['a page that ends too early', gzipSync('<a href="/next">next</a>').subarray(0, 20), 'gzip'],
  ['a page packed in an unknown way', Buffer.from('abc'), 'br'],
  ['a page whose packing is a name that every object inherits', Buffer.from('abc'), 'constructor'],
];
for (const [name, bytes, encoding] of harmful)
  test(`${name} passes as it is`, async () => {
    assert.ok((await proxied(bytes, encoding)).equals(Buffer.from(bytes)));
  });
