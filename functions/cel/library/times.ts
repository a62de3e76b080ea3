/** Parts of timestamps and durations. Source: cel-go, common/types/{timestamp,duration}.go. */
import { inZone } from '../values/time.ts';
import { Duration, Failure, Timestamp } from '../values/value.ts';
import type { CelFunction, Library } from './functions.ts';

const part =
  (ofDate: (date: Date) => number, ofDuration?: (nanos: bigint) => bigint): CelFunction =>
  ([value, zone]) => {
    if (value instanceof Duration && zone === undefined) return ofDuration?.(value.nanos);
    if (!(value instanceof Timestamp) || (zone !== undefined && typeof zone !== 'string')) return undefined;
    const date = inZone(value, zone);
    return date instanceof Failure ? date : BigInt(ofDate(date));
  };

const dayMs = 86_400_000;
const dayOfYear = (date: Date): number => Math.floor((date.getTime() - Date.UTC(date.getUTCFullYear(), 0, 1)) / dayMs);

const hour = 3_600_000_000_000n;
const minute = 60_000_000_000n;
const second = 1_000_000_000n;
const millisecond = 1_000_000n;

export const times: Library = {
  getFullYear: part((date) => date.getUTCFullYear()),
  getMonth: part((date) => date.getUTCMonth()),
  getDayOfYear: part(dayOfYear),
  getDayOfMonth: part((date) => date.getUTCDate() - 1),
  getDate: part((date) => date.getUTCDate()),
  getDayOfWeek: part((date) => date.getUTCDay()),
  getHours: part(
    (date) => date.getUTCHours(),
    (nanos) => nanos / hour,
  ),
  getMinutes: part(
    (date) => date.getUTCMinutes(),
    (nanos) => nanos / minute,
  ),
  getSeconds: part(
    (date) => date.getUTCSeconds(),
    (nanos) => nanos / second,
  ),
  getMilliseconds: part(
    (date) => date.getUTCMilliseconds(),
    (nanos) => (nanos / millisecond) % 1000n,
  ),
};
