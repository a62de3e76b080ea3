/** How heavy the store on DynamoDB is in a function: its bytes have a limit, the time to import is only printed. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { build, type Metafile } from 'esbuild';

const root = join(import.meta.dirname, '../..');
const bytesMax = 100_000;

const source = `
  export { createStore } from './functions/store/create-store.ts';
  export { dynamodbTable } from './functions/store/dynamodb/dynamodb-table.ts';
`;

/** The module and all that it imports at first. What repairs damage waits in files of its own. */
function bytesAtFirst({ outputs }: Metafile, first: string): number {
  const found = new Set([first]);
  for (const file of found)
    for (const { path, kind } of outputs[file]?.imports ?? [])
      if (kind === 'import-statement' && outputs[path] !== undefined) found.add(path);
  return [...found].reduce((sum, file) => sum + (outputs[file]?.bytes ?? 0), 0);
}

test('the store with its DynamoDB table fits into 100 KB', async (context) => {
  const directory = mkdtempSync(join(tmpdir(), 'store-bundle-'));
  try {
    const entry = join(directory, 'store.mjs');
    const { metafile } = await build({
      stdin: { contents: source, resolveDir: root, loader: 'ts' },
      entryNames: 'store',
      outdir: directory,
      outExtension: { '.js': '.mjs' },
      bundle: true,
      splitting: true,
      minify: true,
      metafile: true,
      absWorkingDir: directory,
      platform: 'node',
      target: 'node24',
      format: 'esm',
      // Functions find their credentials in their environment.
      external: ['@aws-sdk/*'],
      // Packages as modules: what is not used is left out.
      mainFields: ['module', 'main'],
      banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    });
    const size = bytesAtFirst(metafile, 'store.mjs');
    const importing = `const before = performance.now(); await import(${JSON.stringify(entry)}); process.stdout.write((performance.now() - before).toFixed(0));`;
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', importing], { encoding: 'utf8' });
    context.diagnostic(`${size} bytes, imported in ${stdout.trim()} ms`);
    assert.match(stdout, /^\d+$/, stderr);
    assert.ok(size < bytesMax, `${size} bytes`);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
