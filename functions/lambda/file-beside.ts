/** Files beside the module of a function. The code that reads them is loaded when the first one is wanted. */
import { join } from 'node:path';

/** Undefined: there is no such file. */
export async function fileBeside(...path: readonly string[]): Promise<Buffer<ArrayBuffer> | undefined> {
  const { readFile } = await import('node:fs/promises');
  try {
    return await readFile(join(...path));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
