/**
 * Writes `kubernetes-v2.json` and `kubernetes-v3.json`: the whole API as single documents, for generators of clients.
 * `npm run generate:openapi` asks a cluster that it starts for the purpose. They hold no texts of others.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatJson } from './format-json.ts';

const here = import.meta.dirname;
const program = join(here, '../infra/cli/hibernetes');
const documentBytesMax = 64 * 1024 * 1024;

const directory = mkdtempSync(join(tmpdir(), 'hibernetes-openapi-'));
const hibernetes = (...args: string[]): string =>
  execFileSync(program, [...args, '--data-dir', directory], {
    encoding: 'utf8',
    maxBuffer: documentBytesMax,
    stdio: ['ignore', 'pipe', 'inherit'],
  });

/** Texts of operations are ours; those of schemas are upstream's, which this repository does not hold. */
function withoutTexts(document: unknown): unknown {
  const schemas = new Set(['definitions', 'schemas']);
  const strip = (value: unknown): unknown =>
    JSON.parse(JSON.stringify(value, (key, part: unknown) => (key === 'description' && typeof part === 'string' ? undefined : part)));
  return JSON.parse(JSON.stringify(document, (key, part: unknown) => (schemas.has(key) ? strip(part) : part)));
}

try {
  hibernetes('up', '--nodes', '0', '--runtime', 'simulated', '--listen', '127.0.0.1:0', '--detach');
  for (const format of ['v2', 'v3']) {
    const document = withoutTexts(JSON.parse(hibernetes('openapi', '--format', format)));
    writeFileSync(join(here, `kubernetes-${format}.json`), formatJson(document));
  }
} finally {
  hibernetes('down', '--delete-data');
  rmSync(directory, { recursive: true, force: true });
}
