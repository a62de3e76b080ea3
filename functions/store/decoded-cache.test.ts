import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DecodedCache, emptyCell, type CacheCell } from './decoded-cache.ts';

/** Asks for the values by number, and counts how many had to be made. */
function readerOf(cache: DecodedCache<number>, count: number) {
  const cells = Array.from({ length: count }, () => emptyCell<number>());
  let made = 0;
  const read = (index: number, bytes = 1): number => {
    const cell = cells[index]!;
    cell.isUsed = true;
    if (cell.value !== undefined) return cell.value;
    made += 1;
    cache.put(cell, index, bytes);
    return index;
  };
  const madeBy = (action: () => void): number => {
    const before = made;
    action();
    return made - before;
  };
  const readAll = (from: number, to: number): void => {
    for (let index = from; index < to; index += 1) read(index);
  };
  return { cells, read, readAll, madeBy };
}

test('what fits stays, whether or not it was asked for again', () => {
  const { readAll, madeBy } = readerOf(new DecodedCache(100), 100);
  readAll(0, 100);
  assert.equal(
    madeBy(() => readAll(0, 100)),
    0,
  );
});

test('who goes through everything once takes nothing from those who come again and again', () => {
  const { readAll, madeBy } = readerOf(new DecodedCache(100), 1050);
  // Twice with others in between: they prove useful.
  readAll(0, 50);
  readAll(50, 150);
  readAll(0, 50);
  readAll(150, 1050);
  assert.equal(
    madeBy(() => readAll(0, 50)),
    0,
  );
});

test('who goes round through a little more than there is room for finds more than half of it', () => {
  const { readAll, madeBy } = readerOf(new DecodedCache(100), 120);
  for (let round = 0; round < 5; round += 1) readAll(0, 120);
  const made = madeBy(() => readAll(0, 120));
  assert.ok(made < 60, `${made} of 120 were made again`);
});

test('what is only offered takes no room from others, until it was asked for twice in a short time', () => {
  const cache = new DecodedCache<number>(100);
  const { readAll } = readerOf(cache, 100);
  readAll(0, 100);
  const offered = emptyCell<number>();
  cache.offer(offered, 7, 1);
  assert.equal(offered.value, undefined);
  cache.offer(offered, 7, 1);
  assert.equal(offered.value, 7);
  const inFreeRoom = emptyCell<number>();
  new DecodedCache<number>(100).offer(inFreeRoom, 8, 1);
  assert.equal(inFreeRoom.value, 8);
});

test('what is larger than a quarter of the room is not kept', () => {
  const cache = new DecodedCache<number>(100);
  const { read, cells } = readerOf(cache, 2);
  read(0, 26);
  read(1, 25);
  assert.deepEqual([cells[0]?.value, cells[1]?.value, cache.bytes], [undefined, 1, 25]);
});

test('holds no more than it may, and counts what it holds', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(40), fc.integer({ min: 1, max: 30 })), { maxLength: 500 }), fc.nat(200), (reads, bytesMax) => {
      const cache = new DecodedCache<number>(bytesMax);
      const { read, cells } = readerOf(cache, 41);
      for (const [index, bytes] of reads) {
        assert.equal(read(index, bytes), index);
        const held = cells.filter(({ value }) => value !== undefined).reduce((sum, cell: CacheCell<number>) => sum + cell.bytes, 0);
        assert.equal(cache.bytes, held);
        assert.ok(held <= bytesMax);
      }
    }),
  );
});
