import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Duplex } from 'node:stream';
import { test } from 'node:test';
import { answeredPings } from './answered-pings.ts';

/** A SPDY frame that a client sends to check whether the other end lives. */
const ping = Buffer.from([0x80, 3, 0, 6, 0, 0, 0, 4, 0, 0, 0, 1]);
const frame = (payload: Buffer): Buffer => Buffer.concat([Buffer.from([0, 0, 0, 1, 0, 0, 0, payload.length]), payload]);

test('a ping that comes after the runtime has ended loses nothing of what it sent', async () => {
  const runtime = new Duplex({ read: () => undefined, write: (_chunk, _encoding, taken) => taken(), allowHalfOpen: true });
  const connection = answeredPings(runtime, 'SPDY/3.1');
  let failure: Error | undefined;
  connection.on('error', (error) => (failure = error));
  const head = 'HTTP/1.1 101 Switching Protocols\r\n\r\n';
  const sent = frame(Buffer.from('the last bytes'));
  runtime.push(head);
  runtime.push(sent);
  runtime.push(null);
  await once(runtime, 'end');
  for (let count = 0; count < 1100; count += 1) connection.write(ping);
  const parts: Buffer[] = [];
  for await (const part of connection as AsyncIterable<Buffer>) parts.push(part);
  assert.equal(failure, undefined);
  assert.deepEqual(Buffer.concat(parts), Buffer.concat([Buffer.from(head), sent]));
});
