/**
 * The way of one process to the table, on which everything goes wrong that can: requests and answers get lost, come
 * twice, or half an hour late; the process dies or freezes in between; reads of several items see them at several times.
 *
 *     process ──request──▶ (lost? late? twice? throttled? signature too old?) ──▶ table
 *     process ◀──answer─── (lost? frozen? dead?) ◀────────────────────────────────┘
 */
import type { Appended, ObjectItem, Outcome, EntryPage, Table } from '../../functions/store/table.ts';
import { StoreError } from '../../functions/store/store.ts';
import type { SeededRandom } from './seeded-random.ts';
import type { Judge } from './judge.ts';
import type { SimulatedProcess } from './simulated-process.ts';
import type { Timeline } from './timeline.ts';

type Fate = 'fine' | 'throttled' | 'lost' | 'answer lost' | 'late' | 'twice' | 'dies before' | 'dies after' | 'freezes';

/** How bad things are; the simulation changes it as it goes. */
export interface Weather {
  /** The share of calls that go wrong. */
  faults: number;
  /** All calls are throttled until then. */
  throttledUntilMs: number;
  /** The watermark cannot be moved; object items cannot be put. */
  readonly stall: Record<'advances' | 'puts', boolean>;
  /** The share of processes that are frozen while they start. */
  frozenStarts: number;
  /** Whether one read may see several moments. */
  readonly isTorn: boolean;
  readonly fates: Readonly<Record<Exclude<Fate, 'fine'>, number>>;
}

export interface FaultyWayParts {
  readonly table: Table;
  readonly timeline: Timeline;
  readonly process: SimulatedProcess;
  readonly random: SeededRandom;
  readonly weather: Weather;
  readonly judge: Judge;
}

/** There and back within a client's patience. */
const hopMsMax = 490;
/** A client gives up after this. */
const patienceMs = 1000;
/** The table carries out no request whose signature is further from its own time. */
const signatureMs = 15 * 60_000;
const lateMsMax = 26 * 60_000;
const freezeMsMax = 2 * 24 * 3_600_000;

interface Call<T> {
  readonly name: string;
  readonly execute: () => Promise<T>;
  /** The answer when there is none. */
  readonly failed: () => T | StoreError;
  readonly isWrite: boolean;
  /** The clock reading it is signed with. */
  readonly signedMs?: number;
}

export class FaultyWay implements Table {
  readonly #parts: FaultyWayParts;

  constructor(parts: FaultyWayParts) {
    this.#parts = parts;
  }

  get tombstoneLifeMs(): number | undefined {
    return this.#parts.table.tombstoneLifeMs;
  }

  appendEntry(item: Parameters<Table['appendEntry']>[0], signedMs: number): Promise<Appended> {
    const { table } = this.#parts;
    return this.#send({
      name: `append log entry ${item.logIndex}`,
      execute: () => table.appendEntry(item, signedMs),
      failed: () => ({ outcome: 'unknown' }),
      isWrite: true,
      signedMs,
    });
  }

  async readEntries(after: number, limit?: number): Promise<EntryPage> {
    const { table, random, weather } = this.#parts;
    const read = (): Promise<EntryPage> => this.#read(`read log entries after ${after}`, () => table.readEntries(after, limit));
    if (!weather.isTorn || random.chance(0.7)) return read();
    // One answer, in which the later log entries were read later.
    const cut = after + random.whole(1, 6);
    const [early, late] = await Promise.all([read(), read()]);
    const [first, second] = [
      early.entries.filter(({ logIndex }) => logIndex < cut),
      late.entries.filter(({ logIndex }) => logIndex >= cut),
    ];
    return { entries: [...first, ...second], more: late.more && first.length + second.length > 0 };
  }

  readMeta(): ReturnType<Table['readMeta']> {
    return this.#read('read meta', () => this.#parts.table.readMeta());
  }

  advanceMeta(fromIndex: number, to: Parameters<Table['advanceMeta']>[1], signedMs: number): Promise<Outcome> {
    const { table } = this.#parts;
    if (this.#isStalled('advances')) return Promise.resolve('unknown');
    return this.#write<Outcome>(`advance from ${fromIndex}`, () => table.advanceMeta(fromIndex, to, signedMs), signedMs);
  }

  async putObjects(items: readonly ObjectItem[], signedMs: number): Promise<'written' | 'unknown'> {
    if (this.#isStalled('puts')) return 'unknown';
    // Each item is a request of its own.
    const outcomes = await Promise.all(
      items.map((item) =>
        this.#write<'written' | 'unknown'>(
          `put ${item.namespace}/${item.name} at ${item.revision}`,
          () => this.#parts.table.putObjects([item], signedMs),
          signedMs,
        ),
      ),
    );
    return outcomes.includes('unknown') ? 'unknown' : 'written';
  }

  async readObjects(): Promise<readonly ObjectItem[]> {
    const { table, random, weather } = this.#parts;
    const read = (): Promise<readonly ObjectItem[]> => this.#read('read objects', () => table.readObjects());
    if (!weather.isTorn || random.chance(0.7)) return read();
    const cut = random.pick(['a', 'b', 'c', 'd']);
    const [early, late] = await Promise.all([read(), read()]);
    return [...early.filter(({ name }) => name < cut), ...late.filter(({ name }) => name >= cut)];
  }

  putNote(item: Parameters<Table['putNote']>[0]): Promise<Outcome> {
    return this.#write<Outcome>('put a note', () => this.#parts.table.putNote(item));
  }

  readNotes(shard: number): ReturnType<Table['readNotes']> {
    return this.#read('read notes', () => this.#parts.table.readNotes(shard));
  }

  putMail(item: Parameters<Table['putMail']>[0]): Promise<Outcome> {
    return this.#write<Outcome>('put mail', () => this.#parts.table.putMail(item));
  }

  readMail(mailbox: string, after: number): ReturnType<Table['readMail']> {
    return this.#read('read mail', () => this.#parts.table.readMail(mailbox, after));
  }

  readNewestMail(mailbox: string): ReturnType<Table['readNewestMail']> {
    return this.#read('read the newest mail', () => this.#parts.table.readNewestMail(mailbox));
  }

  putBlob(hash: string, bytes: Uint8Array): Promise<'written' | 'unknown'> {
    return this.#write<'written' | 'unknown'>('put a blob', () => this.#parts.table.putBlob(hash, bytes));
  }

  readBlob(hash: string): ReturnType<Table['readBlob']> {
    return this.#read('read a blob', () => this.#parts.table.readBlob(hash));
  }

  expireBlobs(hashes: readonly string[], expiresMs: number): Promise<void> {
    return this.#send<void>({
      name: `let ${hashes.length} blobs expire`,
      execute: () => this.#parts.table.expireBlobs(hashes, expiresMs),
      failed: () => new StoreError('unavailable', 'expireBlobs got no answer'),
      isWrite: true,
    });
  }

  prune(what: Parameters<Table['prune']>[0]): Promise<void> {
    return this.#send<void>({
      name: `prune to ${what.logIndex}`,
      execute: () => this.#parts.table.prune(what),
      failed: () => new StoreError('unavailable', 'prune got no answer'),
      isWrite: true,
    });
  }

  async close(): Promise<void> {
    // Others use the table too.
  }

  #read<T>(name: string, execute: () => Promise<T>): Promise<T> {
    return this.#send({ name, execute, failed: () => new StoreError('unavailable', `${name}: no answer`), isWrite: false });
  }

  #write<T extends string>(name: string, execute: () => Promise<T>, signedMs?: number): Promise<T> {
    return this.#send({ name, execute, failed: () => 'unknown' as T, isWrite: true, signedMs });
  }

  #send<T>(call: Call<T>): Promise<T> {
    const { process, random } = this.#parts;
    const fate = this.#fate(call.isWrite);
    const sentMs = Math.min(process.clock.now(), call.signedMs ?? Number.POSITIVE_INFINITY);
    if (fate !== 'fine') this.#parts.judge.note(process.name, () => `${call.name}: ${fate}`);
    return new Promise((resolve, reject) => {
      let isAnswered = false;
      const answer = (valueOf: () => T | StoreError, afterMs: number): void => {
        process.at(this.#parts.timeline.nowMs + afterMs, () => {
          if (isAnswered) return;
          isAnswered = true;
          const value = valueOf();
          if (value instanceof StoreError) reject(value);
          else resolve(value);
        });
      };
      answer(call.failed, fate === 'throttled' ? this.#hopMs() : patienceMs);
      const carryOut = (then: (value: T | StoreError) => void): void => this.#carryOut(call, sentMs, then);
      const back = (value: T | StoreError): void => answer(() => value, this.#hopMs());
      this.#travel(fate, carryOut, back);
      if (fate === 'twice') this.#parts.timeline.after(random.scale(1, lateMsMax), () => carryOut(() => {}));
    });
  }

  #travel<T>(fate: Fate, carryOut: (then: (value: T) => void) => void, back: (value: T) => void): void {
    const { timeline, process, random } = this.#parts;
    const nobody = (): void => {};
    switch (fate) {
      case 'throttled':
      case 'lost':
        return;
      case 'answer lost':
        timeline.after(this.#hopMs(), () => carryOut(nobody));
        return;
      case 'late':
        timeline.after(random.scale(patienceMs, lateMsMax), () => carryOut(nobody));
        return;
      case 'dies before':
        timeline.after(this.#hopMs(), () => process.die());
        return;
      case 'dies after':
        timeline.after(this.#hopMs(), () => carryOut(() => process.die()));
        return;
      case 'freezes':
        timeline.after(this.#hopMs(), () => process.freeze(random.scale(1, freezeMsMax)));
        timeline.after(this.#hopMs(), () => carryOut(back));
        return;
      case 'fine':
      case 'twice':
        timeline.after(this.#hopMs(), () => carryOut(back));
    }
  }

  #carryOut<T>(call: Call<T>, sentMs: number, then: (value: T | StoreError) => void): void {
    const { timeline } = this.#parts;
    if (timeline.isStopped) return;
    if (Math.abs(timeline.nowMs - sentMs) > signatureMs) then(call.failed());
    else void call.execute().then(then);
  }

  #fate(isWrite: boolean): Fate {
    const { random, weather, timeline } = this.#parts;
    if (timeline.nowMs < weather.throttledUntilMs) return 'throttled';
    if (!random.chance(weather.faults)) return 'fine';
    const fate = random.weighted(weather.fates);
    return fate === 'twice' && !isWrite ? 'fine' : fate;
  }

  #isStalled(what: keyof Weather['stall']): boolean {
    return this.#parts.weather.stall[what];
  }

  #hopMs(): number {
    const { random } = this.#parts;
    return random.chance(0.03) ? random.scale(1, hopMsMax) : random.scale(0.5, 8);
  }
}
