/** An archive of one cluster: what writes it, what keeps it short, and what reads it. */
import { currentFormats, type Formats } from '../store/format.ts';
import { defaultLimits } from '../store/limits.ts';
import type { Table } from '../store/table.ts';
import type { World } from '../world.ts';
import type { ArchiveFiles } from './archive-files.ts';
import { archiverLimits, createArchiver } from './archiver.ts';
import { Catalog } from './catalog.ts';
import { compact } from './compaction.ts';
import { Past } from './past.ts';
import { type RetentionDays, retentionOf, usualDays } from './retention.ts';

export interface ArchiveChoice {
  readonly files: ArchiveFiles;
  readonly days?: RetentionDays;
}

export interface ArchiveOptions extends ArchiveChoice {
  readonly table: Table;
  readonly world: World;
  readonly formats?: Formats | undefined;
}

export interface OpenArchive {
  readonly past: Past;
  /** Archives the log up to a revision; now and then makes what is old coarser. */
  archive(revision: number): Promise<void>;
}

const compactEveryMs = 3_600_000;

export function openArchive({ files, days = usualDays, table, world, formats = currentFormats }: ArchiveOptions): OpenArchive {
  const catalog = new Catalog(files);
  const archiver = createArchiver({ catalog, table, formats, world, storeLimits: defaultLimits });
  let compactedMs = Number.NEGATIVE_INFINITY;
  const { clock } = world;
  return {
    past: new Past({ catalog, formats, table }),
    async archive(revision) {
      await archiver.archive(revision);
      if (clock.monotonicMs() - compactedMs < compactEveryMs) return;
      compactedMs = clock.monotonicMs();
      const { runChangesMax, stateChangesMin } = archiverLimits;
      await compact({ catalog, nowMs: clock.now(), retention: retentionOf(days), runChangesMax, stateChangesMin });
    },
  };
}
