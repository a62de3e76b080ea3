/**
 * How far the watermark is behind the log, and a word about it when it is late. Cold starts read what it has not passed. After
 * an hour the store refuses to write, for log entries expire (functions/store/limits.ts, behindMsMax).
 */
import type { Table } from '../store/table.ts';
import type { World } from '../world.ts';
import { secondsMeasured, watermarkMetric, type Measured } from './metrics.ts';

export interface WatermarkLag {
  readonly entries: number;
  /** Age of the oldest log entry that is not checkpointed; silence before is not counted. */
  readonly seconds: number;
}

/** Retention keeps it back for nine minutes, and housekeeping comes every five. */
export const lateSeconds = 15 * 60;

export interface LogNow {
  readonly newestIndex: number;
  /** Since when changes have come without a long silence. */
  readonly busySinceMs: number;
}

export async function watermarkLag(
  table: Pick<Table, 'readMeta' | 'readEntries'>,
  { newestIndex, busySinceMs }: LogNow,
  nowMs: number,
): Promise<WatermarkLag> {
  const { logIndex } = await table.readMeta();
  if (logIndex >= newestIndex) return { entries: 0, seconds: 0 };
  const [oldest] = (await table.readEntries(logIndex, 1)).entries;
  const ageMs = oldest === undefined ? 0 : nowMs - Math.max(oldest.writtenMs, busySinceMs);
  return { entries: newestIndex - logIndex, seconds: Math.max(0, Math.round(ageMs / 1000)) };
}

export function logIfLate({ entries, seconds }: WatermarkLag, measured: Measured, { log, clock }: Pick<World, 'log' | 'clock'>): void {
  if (seconds < lateSeconds) return;
  const keys = secondsMeasured(watermarkMetric, seconds, { ...measured, nowMs: clock.now() });
  log.warn('the watermark is late', { entriesBehind: entries, ...keys });
}
