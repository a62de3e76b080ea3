import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { MemoryLogFiles } from '../../../test/support/memory-log-files.ts';
import { DamagedEntry } from '../store.ts';
import type { EntryItem } from '../table.ts';
import { SegmentedLog } from './segmented-log.ts';

const entry = (number: number, nonce = `nonce-${number}`, bytes = 40): EntryItem => ({
  logIndex: number,
  firstRevision: number,
  count: 1,
  nonce,
  writtenMs: number * 1000,
  frames: Buffer.alloc(bytes, 'frames '),
});

async function appended(log: SegmentedLog, item: EntryItem): Promise<'written' | 'taken'> {
  return (await log.append(item)).nonce === item.nonce ? 'written' : 'taken';
}

async function fill(log: SegmentedLog, last: number): Promise<void> {
  for (let number = 1; number <= last; number += 1) assert.equal(await appended(log, entry(number)), 'written');
}

/** All entries, by nonce, read page by page. */
async function nonces(log: SegmentedLog, after = 0): Promise<string[]> {
  const found: string[] = [];
  for (let last = after; ;) {
    const { entries, more } = await log.read(last);
    found.push(...entries.map(({ nonce }) => nonce));
    last = entries.at(-1)?.logIndex ?? last;
    if (!more) return found;
  }
}

/** The indexes of damaged entries among the ten that there are. */
async function damagedIn(log: SegmentedLog): Promise<number[]> {
  const { entries } = await log.read(0, 10);
  assert.deepEqual(
    entries.map(({ logIndex }) => logIndex),
    [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
  );
  return entries.flatMap(({ logIndex, damage }) => (damage === undefined ? [] : [logIndex]));
}

const numbered = (first: number, last: number): string[] =>
  Array.from({ length: last - first + 1 }, (_, index) => `nonce-${first + index}`);

describe('the log in files', () => {
  test('the log in files syncs once for each log entry, and not at all to find nothing new', async () => {
    const files = new MemoryLogFiles();
    const log = new SegmentedLog(files);
    await fill(log, 1);
    files.syncs = 0;
    for (let number = 2; number <= 11; number += 1) {
      await log.append(entry(number));
      assert.deepEqual(await log.read(number), { entries: [], more: false });
    }
    assert.equal(files.syncs, 10);
  });

  test('the log in files syncs once for those who come while another waits', async () => {
    const files = new MemoryLogFiles();
    const log = new SegmentedLog(files);
    await fill(log, 1);
    files.syncs = 0;
    const writes = [log.append(entry(2)), log.append(entry(2, 'late')), log.append(entry(2, 'later'))];
    const read = log.read(1);
    assert.deepEqual(
      (await Promise.all(writes)).map(({ nonce }) => nonce),
      ['nonce-2', 'nonce-2', 'nonce-2'],
    );
    assert.equal((await read).entries[0]?.nonce, 'nonce-2');
    assert.equal(files.syncs, 1);
  });

  test('the log in files shows what another wrote when it is on the disk, and not before', async () => {
    const files = new MemoryLogFiles();
    const log = new SegmentedLog(files);
    await fill(log, 1);
    const other = new SegmentedLog(files);
    const writing = log.append(entry(2));
    for (const reader of [other, new SegmentedLog(files)]) {
      assert.deepEqual(await nonces(reader, 1), ['nonce-2']);
      assert.deepEqual(await nonces(new SegmentedLog(files.afterPowerLoss(() => 0))), ['nonce-1', 'nonce-2']);
    }
    await writing;
  });

  test('the log in files reads across files, in pages of log entries and of bytes', async () => {
    const files = new MemoryLogFiles();
    const log = new SegmentedLog(files, 4);
    await fill(log, 11);
    for (const reader of [log, new SegmentedLog(files, 4)]) {
      for (let after = 0; after < 12; after += 1) assert.deepEqual(await nonces(reader, after), numbered(after + 1, 11));
      const page = await reader.read(2, 5);
      assert.deepEqual(
        page.entries.map((item) => item.logIndex),
        [3, 4, 5, 6, 7],
      );
    }
    const large = new SegmentedLog(new MemoryLogFiles());
    for (let number = 1; number <= 9; number += 1) await large.append(entry(number, undefined, 1024 * 1024));
    assert.deepEqual(await nonces(large), numbered(1, 9));
  });

  test('the log in files keeps few files open, however many are read', async () => {
    const files = new MemoryLogFiles();
    const log = new SegmentedLog(files, 1);
    await fill(log, 40);
    await Promise.all(
      Array.from({ length: 40 }, async (_, after) => assert.equal((await log.read(after, 1)).entries[0]?.logIndex, after + 1)),
    );
    assert.equal(await appended(log, entry(41)), 'written');
    await log.close();
  });

  test('the log in files removes files that are old as a whole, and goes on behind what is gone', async () => {
    const files = new MemoryLogFiles();
    const log = new SegmentedLog(files, 4);
    await fill(log, 13);
    await log.prune({ logIndex: 11, beforeMs: 100_000 });
    assert.deepEqual(await nonces(log), numbered(5 + 4, 13));
    await log.prune({ logIndex: 13, beforeMs: 12_000 });
    assert.deepEqual(await nonces(log, 3), numbered(9, 13));
    await log.prune({ logIndex: 13, beforeMs: 100_000 });
    assert.deepEqual(files.names(), ['0000000000000013']);
    assert.deepEqual(await nonces(new SegmentedLog(files, 4), 2), ['nonce-13']);
    assert.equal(await appended(log, entry(14)), 'written');
  });
});

describe('the log on a failing disk', () => {
  test('the log on a failing disk takes a log entry again after a write that ended anywhere', async () => {
    const files = new MemoryLogFiles();
    const log = new SegmentedLog(files);
    await fill(log, 1);
    for (let cut = 0; cut < 60; cut += 1) {
      const next = entry(2 + cut);
      files.cutNextWrite = cut;
      await assert.rejects(log.append(next), new Error('no space left on device'));
      // Another process comes in between every other time.
      if (cut % 2 === 0) assert.equal(await appended(new SegmentedLog(files), entry(2 + cut, 'other')), 'written');
      assert.equal(await appended(log, next), cut % 2 === 0 ? 'taken' : 'written');
    }
    assert.equal((await nonces(new SegmentedLog(files))).length, 61);
  });

  test('the log on a failing disk believes nothing after a failed sync', async () => {
    const files = new MemoryLogFiles();
    const log = new SegmentedLog(files, 2);
    await fill(log, 3);
    files.failNextSync = true;
    const failure = new Error('the disk failed');
    await assert.rejects(log.append(entry(4)), failure);
    await assert.rejects(log.append(entry(4)), failure);
    await assert.rejects(log.read(3), failure);
    await assert.rejects(log.read(0), failure);
    assert.deepEqual((await nonces(new SegmentedLog(files, 2))).slice(0, 3), numbered(1, 3));
  });

  test('the log on a failing disk shows which entries are damaged, and passes over a file that is gone', async () => {
    const files = new MemoryLogFiles();
    const log = new SegmentedLog(files, 4);
    await fill(log, 10);
    const [first, second] = [...files.files.values()];
    const whole = first!.written;
    first!.written = whole.subarray(0, whole.length - 1);
    await assert.rejects(log.read(0), new DamagedEntry(5, 'its file has become shorter'));
    assert.deepEqual(await damagedIn(new SegmentedLog(files, 4)), [4]);
    first!.written = whole;
    second!.written = Buffer.concat([second!.written.subarray(0, 3), Buffer.from('X'), second!.written.subarray(4)]);
    assert.deepEqual(await damagedIn(new SegmentedLog(files, 4)), [5]);
    files.files.delete('0000000000000005');
    assert.deepEqual((await new SegmentedLog(files, 4).read(4)).entries[0]?.logIndex, 9);
  });
});

/** Writes as the store does: what it knows next, and what came first when it was too late. */
async function writer(log: SegmentedLog, name: string, acknowledged: Map<number, string>): Promise<void> {
  let last = 0;
  for (let step = 0; step < 4; step += 1) {
    for (const { logIndex: seen } of (await log.read(last)).entries) last = seen;
    const item = entry(last + 1, `${name}-${step}`, 10 + ((step * 37 + last * 11) % 600));
    const by = await log.append(item);
    assert.equal(acknowledged.get(item.logIndex) ?? by.nonce, by.nonce);
    acknowledged.set(item.logIndex, by.nonce);
  }
}

describe('several processes on one log', () => {
  test('several processes agree on every log entry, in any order of events, and lose no acknowledged one with the power', async () => {
    const property = fc.asyncProperty(
      fc.scheduler(),
      fc.nat(40),
      fc.infiniteStream(fc.double({ min: 0, max: 0.999, noNaN: true })),
      async (scheduler, steps, chances) => {
        const files = new MemoryLogFiles(() => scheduler.schedule(Promise.resolve()));
        const acknowledged = new Map<number, string>();
        const writers = ['a', 'b', 'c'].map((name) => writer(new SegmentedLog(files, 3), name, acknowledged));
        for (let step = 0; step < steps; step += 1) {
          await new Promise((resolve) => setImmediate(resolve));
          if (scheduler.count() > 0) await scheduler.waitOne();
        }
        const promised = new Map(acknowledged);
        const left = files.afterPowerLoss(() => chances.next().value);
        const survivor = new SegmentedLog(left, 3);
        const found = await nonces(survivor);
        for (const [number, nonce] of promised) assert.equal(found[number - 1], nonce);
        assert.equal(await appended(survivor, entry(found.length + 1, 'after')), 'written');
        assert.deepEqual(await nonces(new SegmentedLog(left, 3)), [...found, 'after']);
        await scheduler.waitFor(Promise.all(writers));
        const all = await scheduler.waitFor(nonces(new SegmentedLog(files, 3)));
        for (const [number, nonce] of acknowledged) assert.equal(all[number - 1], nonce);
      },
    );
    await fc.assert(property, { numRuns: 100 });
  });
});
