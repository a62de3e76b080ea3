import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { formatDuration, humanDuration, parseDuration } from './duration.ts';
import { microTimestamp, parseTime, timestamp } from './time.ts';

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

describe('times', () => {
  test('times print as seconds, micro times as microseconds, in UTC', () => {
    const ms = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
    assert.equal(timestamp(ms), '2026-01-02T03:04:05Z');
    assert.equal(microTimestamp(ms), '2026-01-02T03:04:05.678000Z');
    assert.equal(parseTime(timestamp(ms)), ms - 678);
    assert.equal(parseTime(microTimestamp(ms)), ms);
    assert.equal(parseTime('2026-01-02T03:04:05+01:00'), Date.UTC(2026, 0, 2, 2, 4, 5));
  });

  const errors: [string, string][] = [
    ['now', 'parsing time "now" as "2006-01-02T15:04:05Z07:00": cannot parse "now" as "2006"'],
    ['2026-01-02', 'parsing time "2026-01-02" as "2006-01-02T15:04:05Z07:00": cannot parse "" as "T"'],
    ['2026-01-02T24:04:05Z', 'parsing time "2026-01-02T24:04:05Z": hour out of range'],
    ['2026-01-02T03:04:05+25:00', 'parsing time "2026-01-02T03:04:05+25:00": time zone offset hour out of range'],
    ['2026-02-31T00:00:00Z', 'parsing time "2026-02-31T00:00:00Z": day out of range'],
    ['2026-01-02T03:04:05Zx', 'parsing time "2026-01-02T03:04:05Zx": extra text: "x"'],
  ];
  for (const [text, message] of errors) {
    test(`${text} is refused in Go's words`, () => assert.throws(() => parseTime(text), { message }));
  }
});

describe('durations', () => {
  const ages: [number, string][] = [
    [-2 * second, '<invalid>'],
    [-1 * second, '0s'],
    [0, '0s'],
    [119 * second, '119s'],
    [2 * minute, '2m'],
    [2 * minute + 30 * second, '2m30s'],
    [9 * minute + 59 * second, '9m59s'],
    [10 * minute + 30 * second, '10m'],
    [179 * minute, '179m'],
    [3 * hour, '3h'],
    [3 * hour + 10 * minute, '3h10m'],
    [8 * hour + 10 * minute, '8h'],
    [47 * hour, '47h'],
    [2 * day, '2d'],
    [2 * day + 4 * hour, '2d4h'],
    [8 * day, '8d'],
    [45 * day, '45d'],
    [2 * 365 * day, '2y'],
    [(2 * 365 + 10) * day, '2y10d'],
    [9 * 365 * day, '9y'],
  ];
  for (const [ms, expected] of ages) test(`${ms} ms ago prints as ${expected}`, () => assert.equal(humanDuration(ms), expected));

  test('Go durations are read and printed', () => {
    assert.equal(parseDuration('1h30m'), 90 * minute);
    assert.equal(parseDuration('-1.5s'), -1500);
    assert.equal(parseDuration('100ms'), 100);
    assert.equal(parseDuration('0'), 0);
    assert.equal(formatDuration(90 * minute), '1h30m0s');
    assert.equal(formatDuration(-1500), '-1.5s');
    assert.equal(formatDuration(100), '100ms');
    assert.equal(formatDuration(0.0015), '1.5µs');
    assert.equal(formatDuration(0), '0s');
  });

  const errors: [string, string][] = [
    ['', 'time: invalid duration ""'],
    ['1', 'time: missing unit in duration "1"'],
    ['1d', 'time: unknown unit "d" in duration "1d"'],
    ['h', 'time: invalid duration "h"'],
  ];
  for (const [text, message] of errors) {
    test(`${JSON.stringify(text)} is refused in Go's words`, () => assert.throws(() => parseDuration(text), { message }));
  }
});
