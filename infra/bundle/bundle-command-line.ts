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
    // The agent is another file beside it, so nothing is bundled there; and a node examines no AWS account.
    external: ['agent/bundle', 'account-findings'].flatMap((module) => [`*/${module}.ts`, `*/${module}.js`]),
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    logLevel: 'warning',
  });
  return outfile;
}
