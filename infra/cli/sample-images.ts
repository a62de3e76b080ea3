/** The images that nodes with real containers get: those that were asked for, or else small ones that examples name. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { buildImages } from '../images/build.ts';
import { CliError } from './cli-error.ts';
import type { Progress } from './progress.ts';

/** `asked`: archives. Without any, the cluster also starts when the sample images cannot be made. */
export async function imageArchives(asked: readonly string[] | undefined, progress: Progress): Promise<readonly string[]> {
  if (asked !== undefined) {
    const missing = asked.find((file) => !existsSync(file));
    if (missing !== undefined) throw new CliError(`There is no file ${missing}.`);
    return asked.map((file) => resolve(file));
  }
  try {
    return (await progress.step('Making the sample images', buildImages)).map(({ file }) => file);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    progress.note(`Images will be pulled, since the sample images could not be made: ${error.message}`);
    return [];
  }
}
