/** What this command line is: its file and its version. */
import { extname, join } from 'node:path';
import manifest from '../../package.json' with { type: 'json' };

/** `.ts` in a clone, `.js` in the npm package. */
export const ownProgram = join(import.meta.dirname, `main${extname(import.meta.filename)}`);

export const programVersion = (): string => manifest.version;
