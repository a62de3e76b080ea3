import type { Table } from '../../functions/store/table.ts';

/** A place for tables: what one writes, the next one opened there finds. */
export interface TablePlace {
  /** Where the clocks of a test start. An engine that deletes what expires does so by its own clock. */
  readonly startMs: number;
  open(): Table;
  remove(): Promise<void>;
}
