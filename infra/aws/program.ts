/** The program that is deployed, as files: a directory for each function. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundleAll } from '../bundle/bundle.ts';
import type { BundleOf } from './cluster-function.ts';

export interface Program {
  readonly bundleOf: BundleOf;
}

/** CDK copies what it is shown at once, so the files are gone when this process is. */
export async function bundleProgram(): Promise<Program> {
  const directory = mkdtempSync(join(tmpdir(), 'hibernetes-program-'));
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
  await bundleAll(directory);
  return {
    bundleOf: (entry) => join(directory, entry.replace(/\.ts$/, '')),
  };
}
