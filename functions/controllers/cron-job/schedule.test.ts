import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { scheduleOf } from './schedule.ts';
import { timeInZone } from './time-zone.ts';

const timesAfter = (text: string, zone: string | undefined, from: string, count: number): string[] => {
  const schedule = scheduleOf(text, zone);
  const times: string[] = [];
  for (let atMs = Date.parse(from); times.length < count;) {
    const next = schedule.nextMs(atMs);
    if (next === undefined) break;
    times.push(timeInZone(zone ?? 'UTC', next));
    atMs = next;
  }
  return times;
};

describe('a schedule', () => {
  const table: readonly [string, string | undefined, string, string[]][] = [
    ['*/15 * * * *', undefined, '2026-01-01T00:00:30Z', ['2026-01-01T00:15:00Z', '2026-01-01T00:30:00Z']],
    ['5/20 3 * * *', undefined, '2026-01-01T00:00:00Z', ['2026-01-01T03:05:00Z', '2026-01-01T03:25:00Z', '2026-01-01T03:45:00Z']],
    ['@hourly', undefined, '2026-01-01T00:00:00Z', ['2026-01-01T01:00:00Z']],
    ['@every 90s', undefined, '2026-01-01T00:00:00.500Z', ['2026-01-01T00:01:30Z', '2026-01-01T00:03:00Z']],
    ['0 0 1,15 * mon', undefined, '2026-01-01T00:00:00Z', ['2026-01-05T00:00:00Z', '2026-01-12T00:00:00Z', '2026-01-15T00:00:00Z']],
    ['0 0 */2 * mon', undefined, '2026-01-01T00:00:00Z', ['2026-01-03T00:00:00Z', '2026-01-05T00:00:00Z']],
    ['0 0 31 2 *', undefined, '2026-01-01T00:00:00Z', []],
    ['0 9 * * *', 'Asia/Kolkata', '2026-01-01T00:00:00Z', ['2026-01-01T09:00:00+05:30']],
    // The clock goes from 2 to 3 on 2026-03-29, and from 3 back to 2 on 2026-10-25.
    ['30 2 * * *', 'Europe/Berlin', '2026-03-28T12:00:00Z', ['2026-03-30T02:30:00+02:00']],
    ['30 2 * * *', 'Europe/Berlin', '2026-10-24T12:00:00Z', ['2026-10-25T02:30:00+02:00', '2026-10-25T02:30:00+01:00']],
    ['0 12 1 7 *', 'America/New_York', '2026-01-01T00:00:00Z', ['2026-07-01T12:00:00-04:00', '2027-07-01T12:00:00-04:00']],
    ['TZ=Asia/Tokyo 0 9 * * *', undefined, '2026-01-01T00:00:00Z', ['2026-01-02T00:00:00Z']],
  ];
  for (const [text, zone, from, expected] of table) {
    test(`${text} in ${zone ?? 'UTC'} has its times`, () => {
      assert.deepEqual(timesAfter(text, zone, from, Math.max(1, expected.length)), expected);
    });
  }

  test('a schedule of an unknown zone has none', () => {
    assert.throws(() => scheduleOf('* * * * *', 'Moon/Sea').nextMs(0), RangeError);
  });
});
