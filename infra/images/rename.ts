/** Whole or not at all, also when two make the same directory at the same time: the second takes what the first has made. */
import { renameSync, rmSync } from 'node:fs';

const thereAlready = new Set(['ENOTEMPTY', 'EEXIST']);

export function renameUnlessThere(made: string, directory: string): void {
  try {
    renameSync(made, directory);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && thereAlready.has(String(error.code)))) throw error;
    rmSync(made, { recursive: true });
  }
}
