/** What `npm run generate:descriptions` collected for `kubectl explain`; nothing, where it was never run. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { brotliDecompress } from 'node:zlib';
import type { Descriptions } from '../../functions/apiserver/openapi/descriptions.ts';
import { isMissing } from './data-directory.ts';

const file = join(import.meta.dirname, '../../.cache/openapi/descriptions.json.br');

export async function readDescriptions(): Promise<Descriptions> {
  try {
    const text = await promisify(brotliDecompress)(await readFile(file));
    return JSON.parse(text.toString('utf8')) as Descriptions;
  } catch (error) {
    if (isMissing(error)) return {};
    throw error;
  }
}
