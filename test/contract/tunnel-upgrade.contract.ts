/** The promises of an upgraded connection to a container, whatever carries it. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { after, before, describe, test } from 'node:test';
import { realWorld } from '../../functions/world.ts';
import { tunnelledCluster, type TunnelledCluster } from '../support/tunnelled-cluster.ts';
import { noise } from './tunnel.contract.ts';

export interface Carried {
  readonly cluster: TunnelledCluster;
  /** The upgrade of a client that is let in. */
  upgrade(path: string, protocol: string): Promise<{ readonly message: IncomingMessage; readonly socket: Duplex; readonly head: Buffer }>;
  close(): Promise<void>;
}

export interface CarriedBy {
  readonly byMail: boolean;
  /** More than what all buffers on the way take. */
  readonly bytes: number;
  open(cluster: TunnelledCluster): Promise<Carried>;
}

const { clock } = realWorld('error');
const frameBytes = 30_000;
const partBytes = 100_000;
const spdyPing = (id: number): Buffer => Buffer.of(0x80, 3, 0, 6, 0, 0, 0, 4, 0, 0, 0, id);
/** Masked with zeroes. */
const webSocketPing = (text: string): Buffer => Buffer.concat([Buffer.of(0x89, 0x80 | text.length, 0, 0, 0, 0), Buffer.from(text)]);

function spdyData(payload: Buffer): Buffer {
  const head = Buffer.from([0, 0, 0, 1, 0, 0, 0, 0]);
  head.writeUIntBE(payload.length, 5, 3);
  return Buffer.concat([head, payload]);
}

function webSocketData(payload: Buffer): Buffer {
  const head = Buffer.from([0x82, 126, 0, 0]);
  head.writeUInt16BE(payload.length, 2);
  return Buffer.concat([head, payload]);
}

const forms = [
  { protocol: 'SPDY/3.1', data: spdyData, ping: () => spdyPing(1), pong: spdyPing(1) },
  {
    protocol: 'websocket',
    data: webSocketData,
    ping: () => webSocketPing('are you there'),
    pong: Buffer.from('\x8a\x0dare you there', 'latin1'),
  },
];

export function upgradeContract(name: string, { byMail, bytes, open }: CarriedBy): void {
  describe(`an upgraded connection ${name}`, () => {
    let runtime: Server;
    let carried: Carried;
    const large = noise(bytes, 4);
    const asked: Buffer[] = [];
    /** What the container does with its connection. */
    let serve: (socket: Socket) => void = () => undefined;

    before(async () => {
      runtime = createServer();
      runtime.on('upgrade', (request: IncomingMessage, socket: Socket) => {
        socket.on('error', () => socket.destroy());
        socket.on('data', (bytes: Buffer) => void asked.push(bytes));
        socket.write(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${request.headers.upgrade}\r\n\r\n`);
        serve(socket);
      });
      runtime.listen(0, '127.0.0.1');
      await once(runtime, 'listening');
      const { port } = runtime.address() as AddressInfo;
      const cluster = await tunnelledCluster({ byMail, runtimePort: port });
      await cluster.addPod('web', '10.244.0.7', []);
      carried = await open(cluster);
    });
    after(async () => {
      await carried.close();
      await carried.cluster.close();
      runtime.closeAllConnections();
      runtime.close();
    });

    const exec = (protocol: string): ReturnType<Carried['upgrade']> =>
      carried.upgrade('/api/v1/namespaces/default/pods/web/exec?container=c&stdout=1&command=tar', protocol);

    for (const { protocol, data, ping, pong } of forms) {
      test(`brings all that a container sent before it closed, to a slow client that pings: ${protocol}`, async () => {
        asked.length = 0;
        serve = (socket) => {
          for (let at = 0; at < large.length; at += frameBytes) socket.write(data(large.subarray(at, at + frameBytes)));
          socket.end();
          // As a process does that closes its socket: nothing more is read of it.
          socket.once('finish', () => socket.destroy());
        };
        const { message, socket, head } = await exec(protocol);
        assert.equal(message.statusCode, 101);
        const got = Buffer.concat([head, await readSlowly(socket, ping())]);
        const sent: Buffer[] = [];
        for (let at = 0; at < large.length; at += frameBytes) sent.push(data(large.subarray(at, at + frameBytes)));
        const whole = Buffer.concat(sent);
        assert.ok(without(pong, got).equals(whole), `${got.length} of ${whole.length} bytes`);
        socket.destroy();
      });

      test(`answers pings, and passes on what is none: ${protocol}`, async () => {
        asked.length = 0;
        serve = () => undefined;
        const { socket } = await exec(protocol);
        const frame = data(Buffer.from('input'));
        socket.write(Buffer.concat([frame.subarray(0, 3)]));
        await clock.sleep(20);
        socket.write(Buffer.concat([frame.subarray(3), ping(), frame]));
        const [answer] = (await once(socket, 'data', { signal: AbortSignal.timeout(20_000) })) as [Buffer];
        assert.ok(answer.equals(pong));
        for (let step = 0; step < 500 && Buffer.concat(asked).length < 2 * frame.length; step += 1) await clock.sleep(10);
        assert.ok(Buffer.concat(asked).equals(Buffer.concat([frame, frame])));
        socket.destroy();
      });
    }
  });
}

/** Pings before each part. */
async function readSlowly(socket: Duplex, ping: Buffer): Promise<Buffer> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of socket as AsyncIterable<Buffer>) {
    parts.push(part);
    bytes += part.length;
    if (bytes < partBytes) continue;
    bytes = 0;
    socket.write(ping);
    await clock.sleep(5);
  }
  return Buffer.concat(parts);
}

/** Pongs stand between frames. */
function without(pong: Buffer, got: Buffer): Buffer {
  const parts: Buffer[] = [];
  let from = 0;
  for (let at = got.indexOf(pong); at >= 0; at = got.indexOf(pong, from)) {
    parts.push(got.subarray(from, at));
    from = at + pong.length;
  }
  return Buffer.concat([...parts, got.subarray(from)]);
}
