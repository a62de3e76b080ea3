/** How heavy the store on DynamoDB is in a function: its bytes have a limit, the time to import is only printed. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { build } from 'esbuild';

const root = join(import.meta.dirname, '../..');
const bytesMax = 100_000;

const source = `
  export { createStore } from './functions/store/create-store.ts';
  export { dynamodbTable } from './functions/store/dynamodb/dynamodb-table.ts';
`;

test('the store with its DynamoDB table fits into 100 KB', async (context) => {
  const directory = mkdtempSync(join(tmpdir(), 'store-bundle-'));
  try {
    const outfile = join(directory, 'store.mjs');
    await build({
      stdin: { contents: source, resolveDir: root, loader: 'ts' },
      outfile,
      bundle: true,
      minify: true,
      platform: 'node',
      target: 'node24',
      format: 'esm',
      // Functions find their credentials in their environment.
      external: ['@aws-sdk/*'],
      // Packages as modules: what is not used is left out.
      mainFields: ['module', 'main'],
      banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    });
    const { size } = statSync(outfile);
    const importing = `const before = performance.now(); await import(${JSON.stringify(outfile)}); process.stdout.write((performance.now() - before).toFixed(0));`;
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', importing], { encoding: 'utf8' });
    context.diagnostic(`${size} bytes, imported in ${stdout.trim()} ms`);
    assert.match(stdout, /^\d+$/, stderr);
    assert.ok(size < bytesMax, `${size} bytes`);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
