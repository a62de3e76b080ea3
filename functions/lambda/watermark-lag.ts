/**
 * How far the watermark is behind the log, and a word about it when it is late. Cold starts read what it has not passed. After
 * an hour the store refuses to write, for slots expire (functions/store/limits.ts, behindMsMax).
 */
import type { Table } from '../store/table.ts';
import type { World } from '../world.ts';
import { secondsMeasured, watermarkMetric, type Measured } from './metrics.ts';

export interface WatermarkLag {
  readonly slots: number;
  /** Age of the oldest slot that is not materialised; silence before is not counted. */
  readonly seconds: number;
}

/** Retention keeps it back for nine minutes, and housekeeping comes every five. */
export const lateSeconds = 15 * 60;

export interface LogNow {
  readonly newestSlot: number;
  /** Since when changes have come without a long silence. */
  readonly busySinceMs: number;
}

export async function watermarkLag(
  table: Pick<Table, 'readMeta' | 'readSlots'>,
  { newestSlot, busySinceMs }: LogNow,
  nowMs: number,
): Promise<WatermarkLag> {
  const { slot } = await table.readMeta();
  if (slot >= newestSlot) return { slots: 0, seconds: 0 };
  const [oldest] = (await table.readSlots(slot, 1)).slots;
  const ageMs = oldest === undefined ? 0 : nowMs - Math.max(oldest.writtenMs, busySinceMs);
  return { slots: newestSlot - slot, seconds: Math.max(0, Math.round(ageMs / 1000)) };
}

export function sayIfLate({ slots, seconds }: WatermarkLag, measured: Measured, { log, clock }: Pick<World, 'log' | 'clock'>): void {
  if (seconds < lateSeconds) return;
  const keys = secondsMeasured(watermarkMetric, seconds, { ...measured, nowMs: clock.now() });
  log.warn('the watermark is late', { slotsBehind: slots, ...keys });
}
