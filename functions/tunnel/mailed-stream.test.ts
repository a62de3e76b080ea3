/** Two ends of a tunnel and a carrier between them that is not to be trusted, in virtual time. */
import assert from 'node:assert/strict';
import { createCipheriv } from 'node:crypto';
import { describe, test } from 'node:test';
import { seededRandom, virtualWorld, type VirtualWorld } from '../../test/support/virtual-world.ts';
import { StatusError } from '../kube/status-error.ts';
import type { Carrier, NumberedEntry } from './carrier.ts';
import { aheadMax, MailedStream, silentMsMax } from './mailed-stream.ts';
import { openEntry, sealEntry } from './sealed-entry.ts';

type Side = 'caller' | 'node';

/** What happens to one entry on its way. */
type Fate = (entry: NumberedEntry, from: Side) => readonly NumberedEntry[];

interface Tunnel {
  readonly world: VirtualWorld;
  readonly caller: MailedStream;
  readonly node: MailedStream;
  readonly puts: Record<Side, number>;
  /** From now on, nothing reaches or leaves the side. */
  kill(side: Side): void;
}

const key = new Uint8Array(32).fill(7);

function tunnelOver(fate: Fate = (entry) => [entry], world = virtualWorld()): Tunnel {
  const boxes: Record<Side, NumberedEntry[]> = { caller: [], node: [] };
  const puts: Record<Side, number> = { caller: 0, node: 0 };
  const dead = new Set<Side>();
  const waiting: Partial<Record<Side, () => void>> = {};
  const carrierOf = (side: Side): Carrier => ({
    async put(entry) {
      await world.clock.sleep(5);
      if (dead.has(side)) return new Promise(() => undefined);
      puts[side] += 1;
      boxes[side].push(...fate(entry, side));
      await world.clock.sleep(5);
      waiting[side]?.();
    },
    async *entries(signal) {
      const other = side === 'caller' ? 'node' : 'caller';
      const box = boxes[other];
      for (let read = 0; !signal.aborted;) {
        const next = dead.has(side) ? undefined : box[read];
        if (next === undefined) {
          await new Promise<void>((resolve) => {
            waiting[other] = resolve;
            signal.addEventListener('abort', () => resolve(), { once: true });
          });
        } else {
          read += 1;
          yield next;
        }
      }
    },
  });
  const common = { ...world, tunnel: 't', key };
  const caller = new MailedStream({ ...common, side: 'caller', carrier: carrierOf('caller') });
  const node = new MailedStream({ ...common, side: 'node', carrier: carrierOf('node') });
  return { world, caller, node, puts, kill: (side) => void dead.add(side) };
}

interface Heard {
  bytes: Buffer;
  end: 'open' | 'ended' | 'broken';
  error?: Error;
}

/** Reads as it comes. */
function hear(stream: MailedStream): Heard {
  const heard: Heard = { bytes: Buffer.alloc(0), end: 'open' };
  stream.on('data', (bytes: Buffer) => (heard.bytes = Buffer.concat([heard.bytes, bytes])));
  stream.on('end', () => (heard.end = 'ended'));
  stream.on('error', (error) => {
    heard.end = 'broken';
    heard.error = error;
  });
  return heard;
}

/** Does not repeat itself, and is made fast. */
const noise = (length: number, seed: number): Buffer =>
  createCipheriv('aes-128-ctr', Buffer.alloc(16, seed), Buffer.alloc(16)).update(Buffer.alloc(length));
const isStartOf = (part: Buffer, whole: Buffer): boolean => whole.subarray(0, part.length).equals(part);

describe('a stream by mail', () => {
  test('a stream by mail carries bytes in both directions, each of which ends by itself', async () => {
    const { world, caller, node } = tunnelOver();
    const [atCaller, atNode] = [hear(caller), hear(node)];
    node.accept();
    await world.advance(100);
    await caller.accepted;
    caller.write('hello');
    await world.advance(100);
    assert.equal(atNode.bytes.toString(), 'hello');
    caller.end(', world');
    await world.advance(200);
    assert.deepEqual([atNode.bytes.toString(), atNode.end, atCaller.end], ['hello, world', 'ended', 'open']);
    const large = noise(5_000_000, 3);
    node.end(large);
    await world.advance(5_000);
    assert.deepEqual([atCaller.end, atCaller.bytes.equals(large)], ['ended', true]);
    await Promise.all([caller.settled, node.settled]);
  });

  test('a refusal is thrown as the Status that it is', async () => {
    const { world, caller, node } = tunnelOver();
    hear(caller);
    await world.advance(100);
    node.refuse(new StatusError(503, 'ServiceUnavailable', 'dial tcp 10.0.0.1:80: connect: connection refused'));
    await world.advance(200);
    await assert.rejects(caller.accepted, (error) => error instanceof StatusError && error.code === 503 && /refused/.test(error.message));
    await Promise.all([caller.settled, node.settled]);
  });

  test('a sender is never further ahead of a reader than it may be', async () => {
    const { world, caller, node, puts } = tunnelOver();
    caller.on('error', () => undefined);
    node.on('error', () => undefined);
    node.accept();
    let written = 0;
    const part = noise(64 << 10, 1);
    const fill = (): void => {
      while (written < 4_000 && caller.write(part)) written += 1;
    };
    caller.on('drain', fill);
    fill();
    await world.advance(30_000);
    const ahead = puts.caller;
    assert.ok(ahead <= 2 * aheadMax + 8, `${ahead} entries`);
    node.resume();
    await world.advance(200);
    assert.ok(puts.caller > 3 * ahead, 'it goes on when there is room');
    caller.destroy();
    node.destroy();
    await world.advance(1_000);
  });

  test('a quiet tunnel stays open', async () => {
    const { world, caller, node, puts } = tunnelOver();
    const heard = hear(node);
    node.accept();
    await world.advance(3_600_000);
    caller.write('still there');
    await world.advance(1_100);
    assert.equal(heard.bytes.toString(), 'still there');
    assert.ok(puts.caller + puts.node <= 2 * 60 * 4 + 10, `${puts.caller + puts.node} entries in an hour`);
    caller.destroy();
    await world.advance(1_000);
  });

  test('an end that is closed in the middle breaks the other one', async () => {
    const { world, caller, node } = tunnelOver();
    const heard = hear(caller);
    node.accept();
    node.on('error', () => undefined);
    node.write('half of ');
    await world.advance(200);
    node.destroy();
    await world.advance(200);
    assert.deepEqual([heard.bytes.toString(), heard.end], ['half of ', 'broken']);
    await Promise.all([caller.settled, node.settled]);
  });
});

describe('when an end dies in the middle', () => {
  for (const dead of ['caller', 'node'] as const) {
    for (const afterMs of [0, 12, 24, 33]) {
      test(`the other hears the right bytes and then an error: ${dead}, after ${afterMs} ms`, async () => {
        const { world, caller, node, kill } = tunnelOver();
        const heard = { caller: hear(caller), node: hear(node) };
        const texts = { caller: noise(3_000_000, 1), node: noise(3_000_000, 2) };
        node.accept();
        await world.advance(50);
        caller.end(texts.caller);
        node.end(texts.node);
        await world.advance(afterMs);
        kill(dead);
        await world.advance(silentMsMax + 40_000);
        const left = dead === 'caller' ? 'node' : 'caller';
        assert.equal(heard[left].end, 'broken');
        assert.ok(isStartOf(heard[left].bytes, texts[dead]));
      });
    }
  }
});

/** Fates of entries, each of them now and then. */
function faults(seed: number, what: readonly ('lost' | 'doubled' | 'late' | 'changed' | 'stale')[], share: number): Fate {
  const random = seededRandom(seed);
  const held: Record<Side, NumberedEntry[]> = { caller: [], node: [] };
  const old: Record<Side, NumberedEntry[]> = { caller: [], node: [] };
  return (entry, from) => {
    const released = held[from].splice(0);
    const kind = random.next() < share ? what[Math.floor(random.next() * what.length)] : undefined;
    old[from].push(entry);
    if (kind === 'lost') return released;
    if (kind === 'doubled') return [entry, entry, ...released];
    if (kind === 'late') {
      held[from].push(entry);
      return released;
    }
    if (kind === 'changed') {
      const bytes = Buffer.from(entry.bytes);
      const at = Math.floor(random.next() * bytes.length);
      bytes[at] = (bytes[at] ?? 0) ^ 1;
      return [{ ...entry, bytes }, ...released];
    }
    // An entry under the number of another one.
    if (kind === 'stale') return [{ ...entry, bytes: old[from][Math.floor(random.next() * old[from].length)]!.bytes }, ...released];
    return [entry, ...released];
  };
}

async function exchanged(fate: Fate, seed: number): Promise<{ readonly whole: number; readonly broken: number }> {
  const { world, caller, node } = tunnelOver(fate, virtualWorld(seed));
  const texts = { caller: noise(900_000 + seed * 1_000, seed), node: noise(1_200_000, seed + 1_000) };
  const heard = { caller: hear(caller), node: hear(node) };
  node.accept();
  caller.end(texts.caller);
  node.end(texts.node);
  for (let second = 0; second < 200 && [heard.caller, heard.node].some(({ end }) => end === 'open'); second += 1)
    await world.advance(1_000);
  let [whole, broken] = [0, 0];
  for (const side of ['caller', 'node'] as const) {
    const { bytes, end } = heard[side];
    const sent = texts[side === 'caller' ? 'node' : 'caller'];
    assert.ok(isStartOf(bytes, sent), `the ${side} heard other bytes than were sent`);
    if (end === 'ended') assert.equal(bytes.length, sent.length, `the ${side} heard an end in the middle`);
    assert.notEqual(end, 'open', `the ${side} waits for ever`);
    if (end === 'ended') whole += 1;
    else broken += 1;
  }
  caller.destroy();
  node.destroy();
  return { whole, broken };
}

describe('whatever a carrier does with entries', () => {
  test('doubled and reordered entries of a stream make no difference', async () => {
    for (let seed = 1; seed <= 5; seed += 1)
      assert.deepEqual(await exchanged(faults(seed, ['doubled', 'late'], 0.4), seed), { whole: 2, broken: 0 });
  });

  test('lost, changed and exchanged entries of a stream make an error, never wrong bytes', async () => {
    let broken = 0;
    for (let seed = 1; seed <= 12; seed += 1) {
      const what = (['lost', 'changed', 'stale'] as const)[seed % 3]!;
      broken += (await exchanged(faults(seed, [what, 'doubled', 'late'], 0.3), seed)).broken;
    }
    assert.ok(broken >= 6, `${broken} broke`);
  });

  test('entries of an agent that was started anew are not joined to those of the one before it', async () => {
    const world = virtualWorld();
    const { caller, node } = tunnelOver((entry, from) => {
      if (from !== 'node' || entry.number !== 3) return [entry];
      const own = { sender: 1, kind: 'data', ack: 0, payload: Buffer.from('other') } as const;
      return [{ number: 3, bytes: sealEntry(own, { tunnel: 't', direction: 'up', number: 3 }, key) }];
    }, world);
    const heard = hear(caller);
    hear(node);
    node.accept();
    await world.advance(50);
    node.write('one');
    await world.advance(50);
    node.write('two');
    await world.advance(100);
    assert.deepEqual([heard.bytes.toString(), heard.end], ['one', 'broken']);
  });
});

describe('a sealed entry', () => {
  const place = { tunnel: 't', direction: 'up', number: 3 } as const;
  const entry = { sender: 9, kind: 'data', ack: 2, payload: Buffer.from('text '.repeat(200)) } as const;

  test('a sealed entry opens in its own place, and is shorter than its text where that repeats itself', () => {
    const sealed = sealEntry(entry, place, key);
    assert.deepEqual({ ...openEntry(sealed, place, key), payload: '' }, { ...entry, payload: '' });
    assert.ok(Buffer.from(openEntry(sealed, place, key).payload).equals(entry.payload));
    assert.ok(sealed.length < 200);
    assert.ok(!sealed.includes('text'));
  });

  for (const [what, other] of [
    ['another tunnel', { ...place, tunnel: 'u' }],
    ['the other direction', { ...place, direction: 'down' }],
    ['another number', { ...place, number: 4 }],
  ] as const) {
    test(`a sealed entry does not open in ${what}`, () => {
      assert.throws(() => openEntry(sealEntry(entry, place, key), other, key), { name: 'EntryError' });
    });
  }

  test('a sealed entry does not open with another key', () => {
    assert.throws(() => openEntry(sealEntry(entry, place, key), place, new Uint8Array(32)), { name: 'EntryError' });
  });
});
