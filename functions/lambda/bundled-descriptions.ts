/** The texts of `kubectl explain`: in a file beside the module, where they were collected before it was bundled. */
import { join } from 'node:path';
import { promisify } from 'node:util';
import { brotliDecompress } from 'node:zlib';
import type { Descriptions } from '../apiserver/openapi/descriptions.ts';

export const descriptionsFile = 'descriptions.json.br';

export async function bundledDescriptions(directory: string = import.meta.dirname): Promise<Descriptions> {
  // Not before somebody asks: starting without it is a little sooner.
  const { readFile } = await import('node:fs/promises');
  try {
    const text = await promisify(brotliDecompress)(await readFile(join(directory, descriptionsFile)));
    return JSON.parse(text.toString('utf8')) as Descriptions;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return {};
    throw error;
  }
}
