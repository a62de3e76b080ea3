import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { DamagedEntry } from '../store.ts';
import type { EntryItem } from '../table.ts';
import { encodeRecord, findRecords, recordAt } from './log-record.ts';

const entry = (number: number, frames: Uint8Array = Buffer.from(`frames of ${number}`), nonce = `nonce-${number}`): EntryItem => ({
  logIndex: number,
  firstRevision: number,
  count: 1,
  nonce,
  writtenMs: 1000,
  frames,
});

const whole = { at: 0, next: 1, isLast: true };

/** The nonces of the records that count. */
function nonces(bytes: Buffer, window = whole): string[] {
  return findRecords(bytes, window).records.map(({ at }) => recordAt(bytes, at - window.at)?.item.nonce ?? '');
}

const [one, two, three] = [encodeRecord(entry(1)), encodeRecord(entry(2)), encodeRecord(entry(3, Buffer.alloc(1500, 7)))];
const log = Buffer.concat([one, two, three]);

function changedAt(at: number): Buffer {
  const changed = Buffer.from(log);
  changed.writeUInt8(changed.readUInt8(at) ^ 0x41, at);
  return changed;
}

describe('a record', () => {
  test('a record gives back what it was made of, and hides no mark', () => {
    const piece = fc.oneof(fc.uint8Array(), fc.constant(one.subarray(0, 4)), fc.constant(one));
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 6 }), (pieces) => {
        const item = entry(1, Buffer.concat(pieces));
        const bytes = encodeRecord(item);
        const read = recordAt(bytes, 0);
        assert.deepEqual({ ...read?.item, frames: Buffer.from(read?.item.frames ?? []) }, item);
        assert.equal(read?.end, bytes.length);
        assert.equal(bytes.indexOf(one.subarray(0, 4), 1), -1);
      }),
    );
  });
});

describe('records in a file', () => {
  test('records in a file count once: who came too late, or again, is void', () => {
    const late = encodeRecord(entry(2, Buffer.from('late'), 'late'));
    assert.deepEqual(nonces(Buffer.concat([one, two, late, one, three, late])), ['nonce-1', 'nonce-2', 'nonce-3']);
  });

  test('records in a file are found from any place on, and the last one may be in the next window', () => {
    for (let length = 0; length < log.length; length += 1) {
      const { records, end } = findRecords(log.subarray(0, length), { ...whole, isLast: false });
      const rest = findRecords(log.subarray(end), { at: end, next: 1 + records.length, isLast: true });
      assert.deepEqual([...records, ...rest.records], findRecords(log, whole).records);
    }
  });

  test('records in a file are all found after a cut at any byte, and later writes count', () => {
    const before = one.length + two.length;
    for (let length = before; length < log.length; length += 1) {
      const torn = log.subarray(0, length);
      assert.deepEqual(findRecords(torn, whole).end, before);
      assert.deepEqual(nonces(torn), ['nonce-1', 'nonce-2']);
      for (const between of [[], [two]]) {
        const again = Buffer.concat([torn, ...between, encodeRecord(entry(3, Buffer.from('again'), 'again'))]);
        assert.deepEqual(nonces(again), ['nonce-1', 'nonce-2', 'again']);
        // Another who came too late, and no new entry yet.
        assert.deepEqual(nonces(Buffer.concat([torn, ...between])), ['nonce-1', 'nonce-2']);
      }
    }
  });

  test('records in a file are all found when the last write lacks a sector, or all of it', () => {
    const before = one.length + two.length;
    for (let sector = Math.floor(before / 512); sector * 512 < log.length; sector += 1) {
      const torn = Buffer.from(log);
      torn.fill(0, Math.max(before, sector * 512), Math.min(log.length, (sector + 1) * 512));
      assert.deepEqual(nonces(torn), ['nonce-1', 'nonce-2']);
      assert.deepEqual(nonces(Buffer.concat([torn, three])), ['nonce-1', 'nonce-2', 'nonce-3']);
    }
    assert.deepEqual(nonces(Buffer.concat([one, two, Buffer.alloc(3000)])), ['nonce-1', 'nonce-2']);
  });

  test('any changed byte of the last record stops the reader, with the index of its log entry', () => {
    const last = new DamagedEntry(3, 'its checksum is wrong');
    for (let at = one.length + two.length; at < log.length; at += 1) {
      const damaged = changedAt(at);
      assert.throws(() => findRecords(damaged, whole), last, `byte ${at}`);
      // A record that came too late does not prove that nothing was lost.
      assert.throws(() => findRecords(Buffer.concat([damaged, two]), whole), last, `byte ${at}`);
    }
  });

  test('any changed byte of an earlier record damages that log entry alone', () => {
    const lengthsOf = (bytes: Buffer): readonly number[] => findRecords(bytes, whole).records.map(({ length }) => length);
    for (let at = 0; at < one.length + two.length; at += 1) {
      const lengths = at < one.length ? [0, two.length, three.length] : [one.length, 0, three.length];
      assert.deepEqual(lengthsOf(changedAt(at)), lengths, `byte ${at}`);
      assert.deepEqual(lengthsOf(Buffer.concat([changedAt(at), two])), lengths, `byte ${at}`);
    }
    assert.deepEqual(lengthsOf(Buffer.concat([one, three])), [one.length, 0, three.length]);
  });

  test('a file that a later one followed was full: what its end lacks is damaged', () => {
    const written = { ...whole, writtenUpTo: 4 };
    assert.deepEqual(
      findRecords(log.subarray(0, -1), written).records.map(({ length }) => length),
      [one.length, two.length, 0, 0],
    );
  });
});
