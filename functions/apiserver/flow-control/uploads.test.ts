import assert from 'node:assert/strict';
import { test } from 'node:test';
import { virtualWorld } from '../../../test/support/virtual-world.ts';
import { readBytes } from '../http/request-body.ts';
import { Uploads } from './uploads.ts';

/** A request whose body never ends by itself. */
function slow(headers: Record<string, string> = {}): { readonly request: Request; send(text: string): void; end(): void } {
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  const body = new ReadableStream<Uint8Array>({ start: (started) => void (controller = started) });
  const request = new Request('http://api/', { method: 'POST', body, headers, duplex: 'half' } as RequestInit);
  return { request, send: (text) => controller?.enqueue(Buffer.from(text)), end: () => controller?.close() };
}

const mebibyte = 1024 * 1024;

test('a body that comes in parts arrives whole', async () => {
  const { request, send, end } = slow();
  const upload = new Uploads(virtualWorld().clock).receive('eve', request);
  send('one ');
  send('two');
  end();
  await upload;
  assert.equal(Buffer.from(await readBytes(request)).toString(), 'one two');
});

test('a body of a declared length arrives whole, and is kept until its request is over', async () => {
  const request = new Request('http://api/', { method: 'POST', body: 'three', headers: { 'content-length': '5' } });
  const release = await new Uploads(virtualWorld().clock).receive('eve', request);
  for (let reading = 1; reading <= 2; reading += 1) assert.equal(Buffer.from(await readBytes(request)).toString(), 'three');
  release();
  await assert.rejects(readBytes(request), TypeError);
});

test('a body that does not come in time is given up, and leaves its room', async () => {
  const world = virtualWorld();
  const uploads = new Uploads(world.clock);
  const declared = { 'content-length': `${3 * mebibyte}` };
  const all = [{}, {}, {}, declared, declared].map((headers) => uploads.receive('eve', slow(headers).request));
  for (const upload of all) upload.catch(() => undefined);
  await assert.rejects(uploads.receive('eve', slow().request), { message: /Too many requests/ });
  await world.advance(30_000);
  for (const upload of all) await assert.rejects(upload, { code: 504 });
  const { request, end } = slow();
  end();
  await uploads.receive('eve', request);
  assert.equal((await readBytes(request)).byteLength, 0);
});

test('one user’s bodies leave room for those of others, until their requests are over', async () => {
  const uploads = new Uploads(virtualWorld().clock);
  const sent = (): Request => new Request('http://api/', { method: 'POST', body: 'x', headers: { 'content-length': `${2 * mebibyte}` } });
  const held = await Promise.all(Array.from({ length: 8 }, () => uploads.receive('eve', sent())));
  await assert.rejects(uploads.receive('eve', sent()), { message: /Too many requests/ });
  (await uploads.receive('jane', sent()))();
  for (const release of held) release();
  (await uploads.receive('eve', sent()))();
});

test('a body that is too long is left to the verbs, or refused while it comes', async () => {
  const uploads = new Uploads(virtualWorld().clock);
  const long = new Request('http://api/', { method: 'POST', body: 'x', headers: { 'content-length': `${4 * mebibyte}` } });
  await uploads.receive('eve', long);
  assert.equal(long.bodyUsed, false);
  const { request, send } = slow();
  const upload = uploads.receive('eve', request);
  upload.catch(() => undefined);
  send('x'.repeat(4 * mebibyte));
  await assert.rejects(upload, { code: 413 });
});
