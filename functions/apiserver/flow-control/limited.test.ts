import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { requestInfoOf } from '../http/request-info.ts';
import type { ApiRequest } from '../ports.ts';
import type { FlowControl } from './flow-control.ts';
import { type Lasting, limited } from './limited.ts';

interface Held {
  readonly control: FlowControl;
  count(): number;
}

function heldBy(): Held {
  let held = 0;
  const turn = { headers: {}, begin: async () => undefined, end: () => undefined };
  const hold = (): (() => void) => {
    held += 1;
    let isHeld = true;
    return () => {
      if (isHeld) held -= 1;
      isHeld = false;
    };
  };
  return {
    control: { arrive: () => undefined, turnOf: () => turn, hold, receive: async () => () => undefined },
    count: () => held,
  };
}

function callOf(method: string, signal = new AbortController().signal): ApiRequest {
  const request = new Request('https://api/x', { method, signal });
  const url = new URL(request.url);
  return { request, url, info: requestInfoOf(method, url), user: { name: 'eve', groups: [] }, connection: {} };
}

const stream = (): ReadableStream<Uint8Array> => new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(1)) });

describe('what lasts is counted until', () => {
  const serve = (lasting: Lasting, call: ApiRequest, { control }: Held, work: (call: ApiRequest) => Promise<Response>): Promise<Response> =>
    limited(control, { call, lasting, headers: new Map(), isReceivedFirst: true, ended: () => undefined }, work);

  test('what lasts is counted until its body has been read', async () => {
    const held = heldBy();
    const response = await serve('connection', callOf('GET'), held, async () => new Response('all of it'));
    assert.equal(held.count(), 1);
    await response.text();
    assert.equal(held.count(), 0);
  });

  test('what lasts is counted until its reader has left', async () => {
    const held = heldBy();
    const response = await serve('connection', callOf('GET'), held, async () => new Response(stream()));
    await response.body?.cancel();
    assert.equal(held.count(), 0);
  });

  test('what lasts is counted until its client is gone, though no one has touched the body', async () => {
    for (const lasting of ['connection', 'watch'] as const) {
      const held = heldBy();
      const left = new AbortController();
      await serve(lasting, callOf('GET', left.signal), held, async () => new Response(stream()));
      assert.equal(held.count(), 1, lasting);
      left.abort();
      assert.equal(held.count(), 0, lasting);
    }
  });

  test('a watch reports its end', async () => {
    const held = heldBy();
    let end: (() => void) | undefined;
    await serve('watch', callOf('GET'), held, async ({ ended }) => {
      end = ended;
      return new Response(stream());
    });
    assert.equal(held.count(), 1);
    end?.();
    assert.equal(held.count(), 0);
  });

  test('what lasts is counted until it turns out that nothing lasts: it fails, is not found, or has no body', async () => {
    const held = heldBy();
    await assert.rejects(
      serve('watch', callOf('GET'), held, async () => {
        throw new Error('no');
      }),
    );
    await serve('watch', callOf('GET'), held, async () => new Response('', { status: 404 }));
    await serve('connection', callOf('HEAD'), held, async () => new Response(stream()));
    await serve('connection', callOf('GET'), held, async () => new Response(null));
    assert.equal(held.count(), 0);
  });
});
