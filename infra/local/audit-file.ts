/**
 * The audit log of a cluster on this machine: a file for its owner's eyes, moved aside when it has grown too large. Lines
 * are written together, in their order, while the next ones gather; no request waits for the disk.
 * Files that were moved aside are named as upstream's log library does: `audit-2026-01-02T03-04-05.678.log`.
 */
import { mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { appendFile } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import type { AuditSink } from '../../functions/apiserver/audit/audit.ts';
import type { World } from '../../functions/world.ts';

/** Plain data: it is kept with the cluster. */
export interface AuditFileSettings {
  readonly path: string;
  readonly megabytesMax: number;
  /** How long files that were moved aside are kept; 0: for ever. */
  readonly daysMax: number;
  /** How many old files are kept; 0: all of them. */
  readonly backupsMax: number;
}

/** Source: apiserver, pkg/server/options/audit.go, NewAuditOptions. */
export const auditFileDefaults = { megabytesMax: 100, daysMax: 366, backupsMax: 100 };

export interface AuditFile extends AuditSink {
  /** Resolves when all lines are written. */
  close(): Promise<void>;
}

/** Bytes that may wait for a disk that does not keep up; what comes then is lost, and counted in the log. */
const waitingBytesMax = 64 << 20;
const dayMs = 24 * 3_600_000;

export function openAuditFile(settings: AuditFileSettings, { clock, log }: Pick<World, 'clock' | 'log'>): AuditFile {
  const { path, megabytesMax } = settings;
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  let bytes = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  let waiting: string[] = [];
  let waitingBytes = 0;
  let lost = 0;
  let writing: Promise<void> | undefined;

  async function writeAll(): Promise<void> {
    // A turn later: what is reported in the same breath is written together.
    await Promise.resolve();
    while (waiting.length > 0) {
      const text = `${waiting.join('\n')}\n`;
      [waiting, waitingBytes] = [[], 0];
      if (bytes > 0 && bytes + text.length > megabytesMax * 1_000_000) rotate();
      await appendFile(path, text, { mode: 0o600 });
      bytes += Buffer.byteLength(text);
    }
  }

  function rotate(): void {
    const stamp = new Date(clock.now()).toISOString().slice(0, -1).replaceAll(':', '-');
    const end = extname(path);
    renameSync(path, join(dirname(path), `${basename(path, end)}-${stamp}${end}`));
    bytes = 0;
    removeOld(settings, clock.now());
  }

  return {
    write(line) {
      if (waitingBytes > waitingBytesMax) {
        lost += 1;
        if (lost % 1000 === 1) log.error('audit events are lost, since the disk does not keep up', { path, lost });
        return;
      }
      waiting.push(line);
      waitingBytes += line.length;
      writing ??= writeAll()
        .catch((error: unknown) => log.error('audit events could not be written', { path, error }))
        .finally(() => (writing = undefined));
    },
    async close() {
      await writing;
    },
  };
}

/** The oldest ones, by their names. */
function removeOld({ path, daysMax, backupsMax }: AuditFileSettings, nowMs: number): void {
  const end = extname(path);
  const start = `${basename(path, end)}-`;
  const backups = readdirSync(dirname(path))
    .filter((name) => name.startsWith(start) && name.endsWith(end))
    .toSorted()
    .toReversed();
  for (const [index, name] of backups.entries()) {
    const iso = name.slice(start.length, -end.length || undefined).replace(/T(\d+)-(\d+)-/, 'T$1:$2:');
    const isTooOld = daysMax > 0 && nowMs - Date.parse(`${iso}Z`) > daysMax * dayMs;
    if (isTooOld || (backupsMax > 0 && index >= backupsMax)) rmSync(join(dirname(path), name));
  }
}
