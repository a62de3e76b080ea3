/** What this command line is: its file and its version. */
import { readFileSync } from 'node:fs';
import { extname, join } from 'node:path';

/** `.ts` in a clone, `.js` in the npm package. */
export const ownProgram = join(import.meta.dirname, `main${extname(import.meta.filename)}`);

export const programVersion = (): string =>
  (JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8')) as { readonly version: string }).version;
