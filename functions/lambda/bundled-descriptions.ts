/** The texts of `kubectl explain`: in a file beside the module, where they were collected before it was bundled. */
import { promisify } from 'node:util';
import { brotliDecompress } from 'node:zlib';
import type { Descriptions } from '../apiserver/openapi/descriptions.ts';
import { fileBeside } from './file-beside.ts';

export const descriptionsFile = 'descriptions.json.br';

export async function bundledDescriptions(directory: string = import.meta.dirname): Promise<Descriptions> {
  const packed = await fileBeside(directory, descriptionsFile);
  if (packed === undefined) return {};
  const text = await promisify(brotliDecompress)(packed);
  return JSON.parse(text.toString('utf8')) as Descriptions;
}
