/** Makes the agent one file, `dist/agent.mjs`, which needs nothing but Node: what a machine that joins is given. */
import { build } from 'esbuild';
import { extname, join } from 'node:path';

export async function bundleAgent(outfile: string = join(import.meta.dirname, '../dist/agent.mjs')): Promise<string> {
  await build({
    entryPoints: [join(import.meta.dirname, `main${extname(import.meta.filename)}`)],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    // Names stay, since they stand in the stacks of its log.
    minifyWhitespace: true,
    minifySyntax: true,
    legalComments: 'none',
    // gRPC is CommonJS and asks for Node's own modules when it runs.
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    logLevel: 'warning',
  });
  return outfile;
}

if (import.meta.main) process.stdout.write(`${await bundleAgent()}\n`);
