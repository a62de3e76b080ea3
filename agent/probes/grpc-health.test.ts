import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { Server, ServerCredentials, status, type UntypedHandleCall } from '@grpc/grpc-js';
import { grpcHealth } from './grpc-health.ts';

type Answer = number | 'silent' | 'broken';
/** By the name of the service that is asked about. */
const answers: Readonly<Record<string, Answer>> = {
  '': 1,
  ready: 1,
  'not-ready': 2,
  [`long-${'x'.repeat(200)}`]: 1,
  silent: 'silent',
  broken: 'broken',
};

const plain = { serialize: (bytes: Buffer) => bytes, deserialize: (bytes: Buffer) => bytes };
const definition = (path: string) => ({
  check: {
    path,
    requestStream: false,
    responseStream: false,
    requestSerialize: plain.serialize,
    requestDeserialize: plain.deserialize,
    responseSerialize: plain.serialize,
    responseDeserialize: plain.deserialize,
  },
});
const check: UntypedHandleCall = (call: { request: Buffer }, callback: (error: object | null, answer?: Buffer) => void) => {
  const lengthBytes = (call.request[1] ?? 0) > 0x7f ? 2 : 1;
  const answer = answers[call.request.subarray(1 + lengthBytes).toString()];
  if (answer === 'silent') return;
  if (answer === 'broken') return callback({ code: status.INTERNAL, details: 'out of order' });
  if (answer === undefined) return callback({ code: status.NOT_FOUND, details: 'unknown service' });
  callback(null, Buffer.from([0x08, answer]));
};

const listen = (server: Server): Promise<number> =>
  new Promise((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => (error === null ? resolve(port) : reject(error))),
  );

describe('a gRPC probe', () => {
  const healthy = new Server();
  const other = new Server();
  let port = 0;
  let otherPort = 0;
  before(async () => {
    healthy.addService(definition('/grpc.health.v1.Health/Check'), { check });
    other.addService(definition('/other/Call'), { check });
    port = await listen(healthy);
    otherPort = await listen(other);
  });
  after(() => {
    healthy.forceShutdown();
    other.forceShutdown();
  });

  const probe = (service: string, at = port, timeoutSeconds = 2) => grpcHealth({ host: '127.0.0.1', port: at, service, timeoutSeconds });

  test('a gRPC probe is answered also after the machine’s clock was set', async ({ mock }) => {
    const threeHoursMs = 3 * 3600_000;
    for (const stepMs of [threeHoursMs, -threeHoursMs]) {
      mock.timers.enable({ apis: ['Date'], now: performance.timeOrigin + performance.now() + stepMs });
      assert.deepEqual(await probe('ready'), { outcome: 'success' });
      mock.timers.reset();
    }
  });
  const fails = async (probed: ReturnType<typeof probe>, message: string): Promise<void> =>
    assert.deepEqual(await probed, { outcome: 'failure', message });

  test('a gRPC probe succeeds when the service is serving', async () => {
    for (const service of ['', 'ready', `long-${'x'.repeat(200)}`]) assert.deepEqual(await probe(service), { outcome: 'success' }, service);
  });

  test('a gRPC probe fails with the status that the service reports', async () => {
    await fails(probe('not-ready'), 'service unhealthy (responded with "NOT_SERVING")');
    await fails(probe('absent'), 'error: health rpc probe failed: rpc error: code = NotFound desc = unknown service');
    await fails(probe('broken'), 'error: health rpc probe failed: rpc error: code = Internal desc = out of order');
  });

  test('a gRPC probe fails without a health service, without an answer, and without a server', async () => {
    await fails(
      probe('', otherPort),
      'error: this server does not implement the grpc health protocol (grpc.health.v1.Health): ' +
        'The server does not implement the method /grpc.health.v1.Health/Check',
    );
    await fails(probe('silent', port, 1), 'timeout: health rpc did not complete within 1s');
    const closed = createServer();
    const nobody = await new Promise<number>((resolve) =>
      closed.listen(0, '127.0.0.1', () => resolve((closed.address() as { port: number }).port)),
    );
    await new Promise((resolve) => closed.close(resolve));
    await fails(probe('', nobody, 1), `timeout: failed to connect service "127.0.0.1:${nobody}" within 1s: context deadline exceeded`);
  });
});
