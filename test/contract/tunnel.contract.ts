/** The promises of a tunnel, whatever carries it. */
import assert from 'node:assert/strict';
import { createCipheriv } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { describe, test } from 'node:test';
import { StatusError } from '../../functions/kube/status-error.ts';
import type { Tunnels } from '../../functions/apiserver/tunnel/tunnels.ts';
import type { VirtualWorld } from '../support/virtual-world.ts';

/** An API, a node and what the node connects to. */
export interface TunnelSetup {
  readonly world: VirtualWorld;
  readonly tunnels: Tunnels;
  /** What the node reaches next: a connection's other end, or the refusal. */
  reaches(next: Duplex | StatusError): void;
  /** The node's agent ends without a word. */
  killNode(): void;
  close(): Promise<void>;
}

export type OpenTunnelSetup = () => Promise<TunnelSetup>;

const target = { to: 'port', host: '10.0.0.7', port: 80 } as const;
const stays = new AbortController().signal;

/** Does not repeat itself, and is made fast. */
export const noise = (length: number, seed: number): Buffer =>
  createCipheriv('aes-128-ctr', Buffer.alloc(16, seed), Buffer.alloc(16)).update(Buffer.alloc(length));

export interface Heard {
  bytes: Buffer;
  end: 'open' | 'ended' | 'broken';
}

/** Reads as it comes. */
export function hear(stream: Duplex): Heard {
  const heard: Heard = { bytes: Buffer.alloc(0), end: stream.destroyed ? 'broken' : 'open' };
  const parts: Buffer[] = [];
  Object.defineProperty(heard, 'bytes', { get: () => Buffer.concat(parts) });
  stream.on('data', (bytes: Buffer) => void parts.push(bytes));
  stream.on('end', () => (heard.end = 'ended'));
  stream.on('error', () => (heard.end = 'broken'));
  stream.on('close', () => (heard.end = heard.end === 'ended' ? 'ended' : 'broken'));
  return heard;
}

/** Moves the clock until it is settled. */
export async function inTime<T>({ world }: Pick<TunnelSetup, 'world'>, promise: Promise<T>, secondsMax = 60): Promise<T> {
  let isSettled = false;
  const settled = (): void => void (isSettled = true);
  promise.then(settled, settled);
  for (let step = 0; step < secondsMax * 10 && !isSettled; step += 1) await world.advance(100);
  assert.ok(isSettled, 'it took too long');
  return promise;
}

async function until({ world }: Pick<TunnelSetup, 'world'>, isSo: () => boolean, secondsMax = 60): Promise<void> {
  for (let step = 0; step < secondsMax * 10 && !isSo(); step += 1) await world.advance(100);
  assert.ok(isSo(), 'it took too long');
}

/** Two connected streams: each reads what is written to the other, with half-close. Destroying one breaks the other. */
export type Pair = () => readonly [Duplex, Duplex];

export function tunnelContract(name: string, openSetup: OpenTunnelSetup, pair: Pair): void {
  async function opened(): Promise<{ setup: TunnelSetup; caller: Duplex; server: Duplex }> {
    const setup = await openSetup();
    const [near, server] = pair();
    setup.reaches(near);
    server.on('error', () => undefined);
    const caller = await inTime(setup, setup.tunnels.open({ nodeName: 'a', target }, stays));
    return { setup, caller, server };
  }

  describe(`a tunnel ${name}`, () => {
    test('a tunnel carries bytes both ways, in order, and each direction ends by itself', async () => {
      const { setup, caller, server } = await opened();
      const [atCaller, atServer] = [hear(caller), hear(server)];
      const [asked, answered] = [noise(700_000, 1), noise(2_000_000, 2)];
      caller.write('first ');
      await until(setup, () => atServer.bytes.toString() === 'first ');
      caller.end(asked);
      await until(setup, () => atServer.end === 'ended');
      assert.ok(atServer.bytes.subarray(6).equals(asked));
      assert.equal(atCaller.end, 'open');
      server.end(answered);
      await until(setup, () => atCaller.end === 'ended');
      assert.ok(atCaller.bytes.equals(answered));
      await setup.close();
    });

    test('a tunnel begins with the first bytes of a server that sends before its client does', async () => {
      const { setup, caller, server } = await opened();
      const heard = hear(caller);
      server.write('SSH-2.0\r\n');
      await until(setup, () => heard.bytes.toString() === 'SSH-2.0\r\n');
      caller.destroy();
      await setup.close();
    });

    test('a tunnel lets a sender be ahead of its reader by a limited number of bytes', async () => {
      const { setup, caller, server } = await opened();
      let taken = 0;
      const part = noise(64 << 10, 3);
      const send = (): void => {
        while (taken < 64 << 20) {
          taken += part.length;
          if (!server.write(part)) return;
        }
      };
      server.on('drain', send);
      send();
      await setup.world.advance(20_000);
      assert.ok(taken <= 12 << 20, `${taken} bytes`);
      const before = taken;
      caller.resume();
      await until(setup, () => taken > before + (8 << 20));
      caller.destroy();
      await setup.close();
    });

    test('a tunnel breaks at the other end when one is destroyed', async () => {
      const { setup, caller, server } = await opened();
      const atServer = hear(server);
      caller.write('half');
      await until(setup, () => atServer.bytes.toString() === 'half');
      caller.destroy();
      await until(setup, () => server.destroyed);
      await setup.close();
    });

    test('a tunnel breaks at the caller when the server resets the connection', async () => {
      const { setup, caller, server } = await opened();
      const atCaller = hear(caller);
      server.write('half');
      await until(setup, () => atCaller.bytes.toString() === 'half');
      server.destroy(new Error('reset'));
      await until(setup, () => atCaller.end === 'broken');
      assert.equal(atCaller.bytes.toString(), 'half');
      await setup.close();
    });

    test('a tunnel breaks at the caller when the agent ends without a word', async () => {
      const { setup, caller, server } = await opened();
      const atCaller = hear(caller);
      server.write('half');
      await until(setup, () => atCaller.bytes.toString() === 'half');
      setup.killNode();
      await until(setup, () => atCaller.end === 'broken', 120);
      await setup.close();
    });

    test('a tunnel is refused with the words of the node', async () => {
      const setup = await openSetup();
      const refusal = 'dial tcp 10.0.0.7:80: connect: connection refused';
      setup.reaches(new StatusError(503, 'ServiceUnavailable', refusal));
      const opening = inTime(setup, setup.tunnels.open({ nodeName: 'a', target }, stays));
      await assert.rejects(opening, { code: 503, reason: 'ServiceUnavailable', message: refusal });
      await setup.close();
    });

    test('a tunnel is not opened by a node that does not respond', async () => {
      const setup = await openSetup();
      setup.killNode();
      await assert.rejects(inTime(setup, setup.tunnels.open({ nodeName: 'a', target }, stays)), { code: 504 });
      await setup.close();
    });

    test('a tunnel is not opened for a client that left', async () => {
      const setup = await openSetup();
      setup.killNode();
      const leaving = new AbortController();
      const opening = setup.tunnels.open({ nodeName: 'a', target }, leaving.signal);
      const refused = assert.rejects(opening, { code: 499 });
      await setup.world.advance(500);
      leaving.abort();
      await inTime(setup, refused);
      await setup.close();
    });

    test('a tunnel is one of many at a time', async () => {
      const setup = await openSetup();
      const heard: Heard[] = [];
      for (let index = 0; index < 8; index += 1) {
        const [near, server] = pair();
        setup.reaches(near);
        const caller = await inTime(setup, setup.tunnels.open({ nodeName: 'a', target }, stays));
        server.pipe(server);
        heard.push(hear(caller));
        caller.end(noise(100_000, index));
      }
      await until(setup, () => heard.every(({ end }) => end === 'ended'));
      for (const [index, { bytes }] of heard.entries()) assert.ok(bytes.equals(noise(100_000, index)));
      await setup.close();
    });
  });
}
