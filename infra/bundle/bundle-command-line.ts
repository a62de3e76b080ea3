/** Makes the command line of nodes one file, which needs nothing but Node. */
import { build } from 'esbuild';
import { extname, join } from 'node:path';

const extension = extname(import.meta.filename);

export async function bundleCommandLine(outfile: string): Promise<string> {
  await build({
    entryPoints: [join(import.meta.dirname, `../cli/node-main${extension}`)],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    minify: true,
    legalComments: 'none',
    // Where the command line is one file, the agent is another one beside it, and nothing is bundled.
    external: ['*/agent/bundle.ts', '*/agent/bundle.js'],
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    logLevel: 'warning',
  });
  return outfile;
}
